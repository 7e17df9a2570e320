/**
 * A parameter of a query. SQLite plans a query with a range, an order or a limit by the values of its bare
 * parameters, and so compiles it anew for each value, which takes ten times as long as running it.
 */
export const PARAMETER = '(SELECT ?)';
