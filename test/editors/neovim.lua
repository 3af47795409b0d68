-- Opens a flake with Neovim's own language client, reads diagnostics and one hover, and writes both as JSON.
-- Paths come from the environment: FLAKE_TRUST_CLI, FLAKE_TRUST_FLAKE (a folder), FLAKE_TRUST_OUT.
local flake = vim.env.FLAKE_TRUST_FLAKE
local result = { diagnostics = {}, hover = '', progress = {} }

local function finish(failure)
  result.failure = failure
  local out = assert(io.open(vim.env.FLAKE_TRUST_OUT, 'w'))
  out:write(vim.json.encode(result))
  out:close()
  vim.lsp.stop_client(vim.lsp.get_active_clients())
  vim.wait(3000, function()
    return #vim.lsp.get_active_clients() == 0
  end, 20)
  vim.cmd('qall!')
end

vim.cmd('edit ' .. flake .. '/flake.nix')
local buffer = vim.api.nvim_get_current_buf()
local client = vim.lsp.start_client({
  name = 'flake-trust',
  cmd = { vim.env.FLAKE_TRUST_NODE, vim.env.FLAKE_TRUST_CLI, 'lsp', '--stdio' },
  root_dir = flake,
})
if client == nil then
  return finish('the server did not start')
end
vim.lsp.buf_attach_client(buffer, client)

local wanted = tonumber(vim.env.FLAKE_TRUST_DIAGNOSTICS)
if not vim.wait(20000, function()
  return #vim.diagnostic.get(buffer) >= wanted
end, 50) then
  return finish('fewer diagnostics than expected: ' .. vim.inspect(vim.diagnostic.get(buffer)))
end
for _, diagnostic in ipairs(vim.diagnostic.get(buffer)) do
  table.insert(result.diagnostics, {
    code = diagnostic.code or (diagnostic.user_data and diagnostic.user_data.lsp and diagnostic.user_data.lsp.code),
    message = diagnostic.message,
    line = diagnostic.lnum,
    character = diagnostic.col,
    source = diagnostic.source,
  })
end

local line, character = vim.env.FLAKE_TRUST_HOVER:match('(%d+):(%d+)')
local answers, failure = vim.lsp.buf_request_sync(buffer, 'textDocument/hover', {
  textDocument = { uri = vim.uri_from_bufnr(buffer) },
  position = { line = tonumber(line), character = tonumber(character) },
}, 10000)
if answers == nil then
  return finish('no hover: ' .. tostring(failure))
end
for _, answer in pairs(answers) do
  if answer.result then
    result.hover = table.concat(vim.lsp.util.convert_input_to_markdown_lines(answer.result.contents), '\n')
  end
end
finish()
