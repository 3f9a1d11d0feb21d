import { useBlocker } from '@tanstack/react-router';
import { useCallback, useRef } from 'react';

/**
 * Asks before changes are lost: by another page, by going back, by loading the page anew. Returns the question, for what closes a form
 * without saving it: true when there are no changes, or the person lets them go.
 */
export function useUnsaved(hasChanges: () => boolean, question = 'Leave without saving what you changed?'): () => boolean {
  const mayLeave = () => !hasChanges() || window.confirm(question);
  useBlocker({ shouldBlockFn: () => !mayLeave(), enableBeforeUnload: hasChanges });
  return mayLeave;
}

interface FormChanges {
  /** of the form */
  ref: (form: HTMLFormElement | null) => void;
  hasChanges: () => boolean;
  /** Takes what the form says for saved. */
  setSaved: () => void;
}

/** Whether a form says something else than when it came. Read from its fields, so that no form has to tell. */
export function useFormChanges(): FormChanges {
  const current = useRef<HTMLFormElement>(null);
  const before = useRef<string>(undefined);
  const ref = useCallback((form: HTMLFormElement | null) => {
    current.current = form;
    if (form !== null) before.current ??= contentOf(form);
  }, []);
  return {
    ref,
    hasChanges: () => current.current !== null && contentOf(current.current) !== before.current,
    setSaved: () => {
      if (current.current !== null) before.current = contentOf(current.current);
    },
  };
}

function contentOf(form: HTMLFormElement): string {
  const fields = [...form.elements].map((field) => {
    if (field instanceof HTMLInputElement) return field.type === 'checkbox' || field.type === 'radio' ? field.checked : field.value;
    return field instanceof HTMLTextAreaElement || field instanceof HTMLSelectElement ? field.value : null;
  });
  return JSON.stringify(fields);
}
