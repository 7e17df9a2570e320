export * from './decode-value.ts';
export * from './encode-value.ts';
