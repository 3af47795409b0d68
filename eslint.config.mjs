import tseslint from 'typescript-eslint';

/** One row of the layer table in ARCHITECTURE.md: `folder` must not import what matches `group`. */
const layer = (folder, group, message) => ({
  files: [`${folder}/**/*.ts`],
  rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns: [{ group, message }] }] },
});

export default tseslint.config(
  { ignores: ['dist/**', 'out/**', 'node_modules/**', '.vscode-test/**', 'test/fixtures/**', 'examples/**'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: 'only-allowed-literals' }],
      '@typescript-eslint/dot-notation': 'off',
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-floating-promises': ['error', { allowForKnownSafeCalls: ['it', 'describe'] }],
    },
  },
  layer(
    'server/src/util',
    ['**/domain/**', '**/engine/**', '**/adapters/**', '**/features/**', '**/report/**', '**/lsp/**', 'vscode*'],
    'util/ knows nothing of Nix.',
  ),
  layer(
    'server/src/domain',
    ['vscode*', 'node:*', '!node:crypto', '**/engine/**', '**/adapters/**', '**/features/**', '**/report/**', '**/lsp/**'],
    'The domain is pure.',
  ),
  layer(
    'server/src/engine',
    ['vscode*', 'node:*', '**/adapters/**', '**/features/**', '**/report/**', '**/lsp/**'],
    'Reach the world through ports.ts.',
  ),
  layer(
    'server/src/adapters',
    ['vscode*', '**/features/**', '**/report/**', '**/lsp/**'],
    'Adapters implement ports; they know no editor.',
  ),
  layer(
    'server/src/features',
    ['vscode', 'vscode-languageserver', 'vscode-languageserver/*', 'node:*', '**/adapters/**'],
    'Return LSP values; server.ts owns the connection.',
  ),
  layer(
    'server/src/report',
    ['vscode*', 'node:*', '**/adapters/**', '**/features/**', '**/lsp/**'],
    'A report is text made from facts.',
  ),
  layer(
    'server/src/closureThread',
    ['vscode*', '**/adapters/**', '**/features/**', '**/report/**'],
    'closureThread/ carries messages; what they are about is on both sides of it.',
  ),
  layer('server/src/lsp', ['**/adapters/**'], 'lsp/ gets its adapters from runtime.ts.'),
  layer('client/src', ['**/server/src/**', '!**/server/src/protocol'], 'The client shares protocol.ts only.'),
  layer(
    'client/webview',
    [
      'vscode',
      'vscode-languageclient',
      'node:*',
      '**/client/src/**',
      '../src/**',
      '../../src/**',
      '**/server/src/**',
      '!**/server/src/protocol',
    ],
    'A page: it knows messages.ts and the names of protocol.ts.',
  ),
);
