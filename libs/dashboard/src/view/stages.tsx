export function StagesView() { return null; }
