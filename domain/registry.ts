/** The host that an image comes from, in small letters, with its port: what a reference says, or Docker Hub. */
export function registryOf(image: string): string {
  const [host = '', ...path] = image.split('/');
  // Without one of these marks the first part is a name at Docker Hub, by the rule that container runtimes share.
  const isHost = path.length > 0 && (/[.:A-Z]/.test(host) || host === 'localhost');
  return isHost ? host.toLowerCase() : 'docker.io';
}
