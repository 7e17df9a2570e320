export * from './memory-realtime.ts';
