import { readFile } from 'node:fs/promises';
import { type Crosswalk, CrosswalkError } from '@crosswalk/sdk';
import { parse } from 'csv-parse/sync';
import { code, say, step } from './narrate.ts';

/** The system whose employee numbers the file has. */
export const hrSystem = 'workday';

interface Employee {
  employee_number: string;
  email: string;
  given_name: string;
  family_name: string;
  department: string;
  office: string;
  hours_per_week: string;
}

/** A nightly file of the HR system: each row an upsert by employee number, so that the same file twice changes nothing. */
export async function syncEmployees(crosswalk: Crosswalk, organizationId: string): Promise<void> {
  say('3. A nightly HR file, upserted by employee number');
  const employees: Employee[] = parse(await readFile(new URL('employees.csv', import.meta.url)), { columns: true });
  code(`user.upsertByExternalId(employee_number, { email, … }, { system: '${hrSystem}' })   // ${employees.length} rows`);
  step(`first night:  ${await run(crosswalk, organizationId, employees)}`);
  step(`second night: ${await run(crosswalk, organizationId, employees)}`);
  const moved = employees.map((employee) => (employee.employee_number === 'EMP-0104' ? { ...employee, hours_per_week: '32' } : employee));
  step(`third night:  ${await run(crosswalk, organizationId, moved)}`);
}

async function run(crosswalk: Crosswalk, organizationId: string, employees: Employee[]): Promise<string> {
  const counts = { created: 0, changed: 0, unchanged: 0, refused: 0 };
  const refusals: string[] = [];
  for (const employee of employees) {
    try {
      counts[await upsert(crosswalk, organizationId, employee)] += 1;
    } catch (error) {
      // One bad row costs one row, and the error says what is wrong with it.
      if (!(error instanceof CrosswalkError) || error.status !== 400) throw error;
      counts.refused += 1;
      refusals.push(`${employee.employee_number} ${error.message}`);
    }
  }
  const summary = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  return [summary.join(', '), ...refusals].join('\n                  ');
}

async function upsert(crosswalk: Crosswalk, organizationId: string, employee: Employee): Promise<'created' | 'changed' | 'unchanged'> {
  const { employee_number: number, email, given_name, family_name, department, office, hours_per_week: hours } = employee;
  const before = await crosswalk.user.getByExternalId(number, { system: hrSystem });
  const { user, created } = await crosswalk.user.upsertByExternalId(
    number,
    { email, user_profile: { given_name, family_name }, metadata: { department, office, hours_per_week: Number(hours) } },
    { system: hrSystem },
  );
  if (created) {
    await crosswalk.membership.upsert(organizationId, user.id, { sendInvitationEmail: false });
    return 'created';
  }
  return user.version === before?.version ? 'unchanged' : 'changed';
}
