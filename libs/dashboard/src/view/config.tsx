export function ConfigView() { return null; }
