/**
 * A text as 128 bits in hexadecimal: four lanes that mix 32 bits at a time. It spreads names and finds
 * damage. It is no secret: two texts with one digest can be made, and must do no harm.
 */
export function textDigest(text: string): string {
  let a = 1_779_033_703;
  let b = 3_144_134_277;
  let c = 1_013_904_242;
  let d = 2_773_480_762;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    a = b ^ Math.imul(a ^ unit, 597_399_067);
    b = c ^ Math.imul(b ^ unit, 2_869_860_233);
    c = d ^ Math.imul(c ^ unit, 951_274_213);
    d = a ^ Math.imul(d ^ unit, 2_716_044_179);
  }
  a = Math.imul(c ^ (a >>> 18), 597_399_067);
  b = Math.imul(d ^ (b >>> 22), 2_869_860_233);
  c = Math.imul(a ^ (c >>> 17), 951_274_213);
  d = Math.imul(b ^ (d >>> 19), 2_716_044_179);
  const lanes = [a ^ b ^ c ^ d, b ^ a, c ^ a, d ^ a];
  return lanes.map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('');
}
