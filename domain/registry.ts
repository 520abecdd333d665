/** The host that an image comes from, in small letters, with its port: what a reference says, or Docker Hub. */
export function registryOf(image: string): string {
  const [host = '', ...path] = image.split('/');
  // Without one of these marks the first part is a name at Docker Hub, by the rule that container runtimes share.
  const isHost = path.length > 0 && (/[.:A-Z]/.test(host) || host === 'localhost');
  return canonicalRegistry(isHost ? host : DOCKER_HUB);
}

const DOCKER_HUB = 'docker.io';
/** Other hosts at which Docker Hub answers. */
const OTHER_NAMES = new Set(['index.docker.io', 'registry-1.docker.io']);

/** One name for each registry, in small letters. */
export function canonicalRegistry(host: string): string {
  const name = host.toLowerCase();
  return OTHER_NAMES.has(name) ? DOCKER_HUB : name;
}
