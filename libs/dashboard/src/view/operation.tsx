export function OperationView() { return null; }
