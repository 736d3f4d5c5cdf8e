export function ReplicasView() { return null; }
