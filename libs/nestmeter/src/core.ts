export { errorCodes, NestmeterError } from './errors.js';
export type { ErrorCode, NestmeterErrorOptions } from './errors.js';
