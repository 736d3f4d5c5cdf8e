export function EndpointsView() { return null; }
