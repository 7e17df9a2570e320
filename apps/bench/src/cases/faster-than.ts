import type { Goal } from '../bench-case.ts';

/** The goal that Barkeep takes at most one `times`-th of what a contender takes. */
export function fasterThan(
  contender: { readonly name: string },
  times: number,
  what: string,
  metric: string,
): Goal {
  const much = times === 1 ? 'no slower than' : `${times}× faster than`;
  return {
    id: '',
    title: `${what}: ${much} ${contender.name}`,
    metric,
    limit: { times: 1 / times, contender: contender.name },
  };
}
