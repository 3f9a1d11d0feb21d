import { type Command, InvalidArgumentError } from 'commander';

/** A command with what may follow it. */
interface Node {
  /** `crosswalk orgs get` without the first word */
  path: string;
  words: { word: string; description: string }[];
}

const shells = { bash, zsh, fish };

/** Adds `completion`, which is made of the commands that there are. */
export function addCompletion(program: Command, out: (text: string) => void): void {
  program
    .command('completion')
    .description('print the completion of a shell')
    .argument('<shell>', Object.keys(shells).join(', '), (text) => {
      const found = Object.entries(shells).find(([name]) => name === text)?.[1];
      if (found === undefined) throw new InvalidArgumentError(`It is one of ${Object.keys(shells).join(', ')}.`);
      return found;
    })
    .option('--json', 'print the commands and their options as JSON')
    .addHelpText(
      'after',
      '\n  bash  source <(crosswalk completion bash)\n  zsh   source <(crosswalk completion zsh)\n  fish  crosswalk completion fish | source',
    )
    .action((shell: (nodes: Node[]) => string, { json }: { json?: boolean }) => {
      const nodes = nodesOf(program, '');
      out(json === true ? `${JSON.stringify(nodes, null, 2)}\n` : shell(nodes));
    });
}

function nodesOf(command: Command, path: string): Node[] {
  const commands = command.commands.map((child) => ({ word: child.name(), description: child.description() }));
  const options = command.options.flatMap(({ long, description }) => (long ? [{ word: long, description }] : []));
  const below = command.commands.flatMap((child) => nodesOf(child, `${path} ${child.name()}`.trim()));
  return [{ path, words: [...commands, ...options, { word: '--help', description: 'how to use it' }] }, ...below];
}

/** The longest path that begins what was typed decides; words that are no commands are arguments. */
function bash(nodes: Node[]): string {
  return `_crosswalk() {
  local path="" word current="\${COMP_WORDS[COMP_CWORD]}"
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in
${nodes
  .filter(({ path }) => path !== '')
  .map(({ path }) => `      '${path}') path='${path}' ;;`)
  .join('\n')}
    esac
  done
  case "$path" in
${nodes.map(({ path, words }) => `    '${path}') COMPREPLY=($(compgen -W '${words.map(({ word }) => word).join(' ')}' -- "$current")) ;;`).join('\n')}
  esac
}
complete -o default -F _crosswalk crosswalk
`;
}

/** zsh runs the functions of bash. */
function zsh(nodes: Node[]): string {
  return `autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n${bash(nodes)}`;
}

function fish(nodes: Node[]): string {
  const quoted = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`;
  const lines = nodes.flatMap(({ path, words }) => {
    const condition = quoted(`__crosswalk_at ${quoted(path)}`);
    return words.map(({ word, description }) => {
      const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-f -a ${word}`;
      return `complete -c crosswalk -n ${condition} ${what} -d ${quoted(description)}`;
    });
  });
  return `function __crosswalk_at
  set -l path ""
  for word in (commandline -opc)[2..-1]
    set -l longer (string trim -- "$path $word")
    contains -- $longer ${nodes
      .filter(({ path }) => path !== '')
      .map(({ path }) => quoted(path))
      .join(' ')}; and set path $longer
  end
  test "$path" = "$argv[1]"
end
${lines.join('\n')}
`;
}
