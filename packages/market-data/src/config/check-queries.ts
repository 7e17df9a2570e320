import { BarkeepError, invalidInput } from '@barkeep/core';
import { type CandleQuery, type CheckedQuery, checkQuery } from '@barkeep/storage';

/** @throws BarkeepError `INVALID_INPUT` naming the query by its position, the field and the rule. */
export function checkQueries(queries: readonly CandleQuery[]): CheckedQuery[] {
  if (!Array.isArray(queries)) {
    throw invalidInput({ field: 'queries', rule: 'must be an array', value: queries });
  }
  return queries.map((query, batch) => {
    try {
      return checkQuery(query);
    } catch (error) {
      throw withBatch(error, batch);
    }
  });
}

function withBatch(error: unknown, batch: number): unknown {
  if (!BarkeepError.is(error, 'INVALID_INPUT')) return error;
  const { code, message, details } = error;
  return new BarkeepError(code, `query ${batch}: ${message}`, {
    cause: error,
    details: { ...details, batch },
  });
}
