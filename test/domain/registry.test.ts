import { expect, it } from 'vitest';
import { registryOf } from '../../domain/registry.ts';

it.each([
  ['acr.azurecr.io/reservations-api:1.4.2', 'acr.azurecr.io'],
  ['ACR.azurecr.io/reservations-api:1.4.2', 'acr.azurecr.io'],
  ['acr.azurecr.io:443/reservations-api', 'acr.azurecr.io:443'],
  ['localhost/a', 'localhost'],
  ['localhost:5000/a/b:1', 'localhost:5000'],
  ['Registry/a', 'registry'],
  ['127.0.0.1:5000/a', '127.0.0.1:5000'],
  ['nginx', 'docker.io'],
  ['nginx:1.29', 'docker.io'],
  ['acr.azurecr.io', 'docker.io'],
  ['library/nginx', 'docker.io'],
  ['acr/azurecr.io/a', 'docker.io'],
  ['docker.io/library/nginx', 'docker.io'],
  ['index.docker.io/library/nginx', 'docker.io'],
  ['Index.Docker.io/library/nginx', 'docker.io'],
  ['registry-1.docker.io/library/nginx', 'docker.io'],
  ['index.docker.io:443/library/nginx', 'index.docker.io:443'],
  ['index.docker.io.example.org/nginx', 'index.docker.io.example.org'],
  [`a@sha256:${'0'.repeat(64)}`, 'docker.io'],
])('%s comes from %s', (image, registry) => {
  expect(registryOf(image)).toBe(registry);
});
