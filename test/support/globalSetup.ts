export function setup(): void {
  // Placeholder until the build script exists: the bundle tests load what it builds.
}
