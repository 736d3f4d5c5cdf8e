export function UsageView() { return null; }
