import { json } from '@codemirror/lang-json';
import { useComputedColorScheme } from '@mantine/core';
import CodeMirror, { EditorView } from '@uiw/react-codemirror';

interface JsonEditorProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
}

/** An editor of JSON with colours and folding. Large: import it when it is needed. */
export default function JsonEditor({ label, value, onChange }: JsonEditorProps) {
  const theme = useComputedColorScheme('light', { getInitialValueInEffect: false });
  return (
    <CodeMirror
      value={value}
      onChange={onChange}
      theme={theme}
      height="320px"
      autoFocus
      // The key Tab leaves the editor, as it leaves every field.
      indentWithTab={false}
      extensions={[json(), EditorView.lineWrapping, EditorView.contentAttributes.of({ 'aria-label': label })]}
    />
  );
}
