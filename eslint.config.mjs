import tseslint from 'typescript-eslint';
import { importX } from 'eslint-plugin-import-x';

/** The import rule of the house: a room imports itself and what stands left of it (`may`); everything else is an error. */
const rooms = {
  domain: [],
  proto: [],
  db: ['domain'],
  providers: ['domain'],
  activities: ['domain', 'db', 'providers'],
  workflows: ['domain', 'db', 'activities'],
  api: ['domain', 'db', 'providers', 'workflows', 'proto'],
  local: ['domain', 'providers'],
  bin: ['domain', 'proto', 'db', 'providers', 'activities', 'workflows', 'api', 'local'],
};

const all = Object.keys(rooms);
const zones = Object.entries(rooms).flatMap(([room, may]) =>
  all
    .filter((other) => other !== room && !may.includes(other))
    .map((other) => ({ target: `./${room}`, from: `./${other}`, message: `${room}/ must not import ${other}/` })),
);
/** Outside bin a provider is known by its port. */
const ports = ['activities', 'api', 'local'].map((room) => ({
  target: `./${room}`,
  from: './providers',
  except: ['./compute/port.ts', './stacks/port.ts', './secrets/port.ts', './governance/port.ts'],
  message: 'outside bin a provider is known by its port.ts',
}));

export default tseslint.config(
  { ignores: ['node_modules', '.slipway', 'proto/gen', 'db/migrations'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.base],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true } },
    settings: { 'import-x/resolver': { node: { extensions: ['.ts', '.mjs', '.js'] } } },
    rules: {
      'import-x/no-cycle': 'error',
      'import-x/no-default-export': 'error',
      'import-x/no-restricted-paths': ['error', { zones: [...zones, ...ports] }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/return-await': ['error', 'always'],
      '@typescript-eslint/no-restricted-types': 'off',
      eqeqeq: 'error',
      'no-empty': 'error',
      'no-restricted-properties': [
        'error',
        { property: 'exportStack', message: 'exportStack() gives plaintext secrets' },
        { object: 'process', property: 'exit', message: 'set process.exitCode and end' },
      ],
    },
  },
  {
    files: ['domain/**', 'db/**', 'providers/**', 'activities/**', 'workflows/**', 'api/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: "MemberExpression[object.name='process'][property.name='env']",
          message: 'only bin reads the environment',
        },
      ],
    },
  },
  {
    files: ['workflows/**'],
    ignores: ['workflows/client.ts', 'workflows/orphans.ts', 'workflows/overdue.ts', 'workflows/reconcile.ts'],
    rules: {
      'import-x/no-restricted-paths': [
        'error',
        {
          zones: [
            ...zones,
            { target: './workflows', from: './db', message: 'workflow code is deterministic: no database' },
          ],
        },
      ],
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['node:*'], message: 'no Node built-ins in workflow code' },
            { group: ['**/activities/**'], allowTypeImports: true, message: 'types only' },
          ],
        },
      ],
    },
  },
  { files: ['**/*.config.ts', 'test/_support/tally-reporter.ts'], rules: { 'import-x/no-default-export': 'off' } },
);
