import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

const azureSdks = [
  '@azure/functions',
  '@azure/identity',
  '@azure/service-bus',
  '@azure/storage-blob',
  '@azure/data-tables',
  '@azure/core-rest-pipeline',
];
const noLocal = {
  group: ['**/local/**'],
  message: 'Only src/cli may import src/local: it is not in the deployed package.',
};

export default tseslint.config(
  { ignores: ['dist/', 'dist.*/', 'node_modules/', '.pstn/', 'coverage/'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.js', 'scripts/*.mjs'] },
      },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  { files: ['**/*.js', '**/*.mjs'], ...tseslint.configs.disableTypeChecked },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
    rules: { 'no-console': 'off' },
  },
  {
    files: ['src/**/*.ts', 'functions/**/*.ts'],
    ignores: ['src/cli/**', 'src/local/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: [noLocal] }] },
  },
  {
    // Pure rooms: decisions without effects, so that they can be tested without a service.
    files: ['src/windows/grid.ts', 'src/windows/planner*.ts', 'src/totals/fold*.ts', 'src/totals/money.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [noLocal],
          paths: azureSdks.map((name) => ({ name, message: 'Pure rooms import no SDK.' })),
        },
      ],
    },
  },
  prettier,
);
