/** The JSON that the server answers. @throws Error with the server's own words when it refuses. */
export async function fetchJson<T>(url: string, options: RequestInit = {}): Promise<T> {
  const response = await fetch(url, options);
  if (response.ok) return response.json();
  const { error } = await response.json();
  throw new Error(String(error));
}
