/** As many arguments as every engine takes in one call. */
const CHUNK = 8_192;

/** Base64: the one form of bytes that every Keyv store and serializer keeps. */
export function bytesToText(bytes: Uint8Array): string {
  let binary = '';
  for (let start = 0; start < bytes.length; start += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(start, start + CHUNK));
  }
  return btoa(binary);
}

/** @throws DOMException when the text is not Base64. */
export function bytesFromText(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
