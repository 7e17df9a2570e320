/** Gives up the rights of root, which nothing binds, for good; other users have none to give up. */
export function becomeNobody(): void {
  if (process.getuid?.() !== 0) return;
  process.setgroups?.([]);
  process.setgid?.(65_534);
  process.setuid?.(65_534);
}
