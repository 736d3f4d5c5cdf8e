export function ProviderView() { return null; }
