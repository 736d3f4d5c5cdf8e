export function ToolkitView() { return null; }
