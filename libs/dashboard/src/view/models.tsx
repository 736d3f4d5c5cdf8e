export function ModelsView() { return null; }
