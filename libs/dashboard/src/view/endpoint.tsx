export function EndpointView() { return null; }
