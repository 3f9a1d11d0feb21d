import { Tabs } from '@mantine/core';
import { CodeBlock } from './code-block.tsx';
import type { Example } from './code-example.tsx';

/** A call in the ways that there are, one at a time. */
export function ExampleTabs({ example }: { example: Example }) {
  return (
    <Tabs defaultValue="curl">
      <Tabs.List mb="sm">
        <Tabs.Tab value="curl">curl</Tabs.Tab>
        <Tabs.Tab value="node">Node</Tabs.Tab>
        {example.cli !== undefined && <Tabs.Tab value="cli">Command line</Tabs.Tab>}
      </Tabs.List>
      <Tabs.Panel value="curl">
        <CodeBlock code={example.curl} label="As curl" />
      </Tabs.Panel>
      <Tabs.Panel value="node">
        <CodeBlock code={example.node} label="In Node" />
      </Tabs.Panel>
      {example.cli !== undefined && (
        <Tabs.Panel value="cli">
          <CodeBlock code={example.cli} label="On the command line" />
        </Tabs.Panel>
      )}
    </Tabs>
  );
}
