import type { RowKind } from '@crosswalk/contract';

/** Where the cells of one kind of row come from. */
export interface RowTemplate {
  kind: RowKind;
  /** Field of the row, as a column of an import is named, to the columns of the file that may hold it: the first that has a value counts. */
  columns: Record<string, readonly string[]>;
  /** fields that are the same in every row */
  fixed?: Record<string, string>;
  /** a line in which one of these fields is empty gives no row of this kind */
  needs?: readonly string[];
}

/** How the export of a well-known system becomes rows. */
export interface ImportPreset {
  /** what the file is, for people */
  label: string;
  /** the name of the system, as in `external_ids` */
  system: string;
  rows: readonly [RowTemplate, ...RowTemplate[]];
  /** columns whose names match are metadata, under the name in the group */
  metadata?: RegExp;
  /** the column with a domain of the organization, for suggestions of `reconcile` */
  domain?: readonly string[];
}

/**
 * The exports that are known. Names of columns are compared without regard to case, spaces and punctuation, so that `Account ID`, `AccountId`
 * and `account_id` are one; the names are those of each product's own export, the API names of fields included.
 */
export const importPresets = {
  'stripe-customers': {
    label: 'Stripe: customers, as the dashboard exports them',
    system: 'stripe',
    rows: [
      {
        kind: 'organization',
        columns: {
          'external_ids.stripe': ['id', 'Customer ID'],
          display_name: ['Name', 'Description', 'Email', 'id'],
          'metadata.billing_email': ['Email'],
          'metadata.currency': ['Currency'],
          'metadata.plan': ['Plan'],
          'metadata.subscription_status': ['Status'],
        },
      },
    ],
    metadata: /^(.+) \(metadata\)$/,
  },
  'salesforce-accounts': {
    label: 'Salesforce: accounts',
    system: 'salesforce',
    rows: [
      {
        kind: 'organization',
        columns: {
          'external_ids.salesforce': ['Id', 'Account ID'],
          display_name: ['Name', 'Account Name'],
          'metadata.account_type': ['Type', 'Account Type'],
          'metadata.industry': ['Industry'],
          'metadata.website': ['Website'],
          'metadata.country': ['BillingCountry', 'Billing Country'],
          'metadata.employees:number': ['NumberOfEmployees', 'Employees'],
        },
      },
    ],
    domain: ['Website'],
  },
  'salesforce-contacts': {
    label: 'Salesforce: contacts, who become members of their accounts',
    system: 'salesforce',
    rows: [
      {
        kind: 'user',
        columns: {
          'external_ids.salesforce': ['Id', 'Contact ID'],
          email: ['Email'],
          'user_profile.given_name': ['FirstName', 'First Name'],
          'user_profile.family_name': ['LastName', 'Last Name'],
          'user_profile.phone_number': ['Phone', 'Business Phone'],
          'metadata.title': ['Title'],
          'metadata.department': ['Department'],
        },
      },
      {
        kind: 'membership',
        columns: { 'organization.external_id': ['AccountId', 'Account ID'], 'user.external_id': ['Id', 'Contact ID'] },
        fixed: { 'organization.system': 'salesforce', 'user.system': 'salesforce' },
        needs: ['organization.external_id'],
      },
    ],
  },
  'hubspot-companies': {
    label: 'HubSpot: companies',
    system: 'hubspot',
    rows: [
      {
        kind: 'organization',
        columns: {
          'external_ids.hubspot': ['Record ID', 'Record ID - Company', 'Company ID', 'hs_object_id'],
          display_name: ['Company name', 'Name', 'Company Domain Name'],
          'metadata.domain': ['Company Domain Name', 'Domain'],
          'metadata.industry': ['Industry'],
          'metadata.city': ['City'],
          'metadata.country': ['Country/Region', 'Country'],
          'metadata.lifecycle_stage': ['Lifecycle Stage'],
          'metadata.owner': ['Company owner', 'HubSpot Owner'],
        },
      },
    ],
    domain: ['Company Domain Name', 'Domain'],
  },
  'workday-workers': {
    label: 'Workday: workers',
    system: 'workday',
    rows: [
      {
        kind: 'user',
        columns: {
          'external_ids.workday': ['Employee ID', 'Worker ID', 'Workday ID', 'Employee Number'],
          email: ['Email - Work', 'Work Email', 'Primary Work Email', 'Email Address', 'Email'],
          'user_profile.given_name': ['Preferred First Name', 'Legal First Name', 'First Name'],
          'user_profile.family_name': ['Preferred Last Name', 'Legal Last Name', 'Last Name'],
          'metadata.title': ['Business Title', 'Job Title', 'Position'],
          'metadata.department': ['Supervisory Organization', 'Department', 'Cost Center'],
          'metadata.location': ['Location', 'Work Location'],
          'metadata.manager': ['Manager ID', 'Manager'],
          'metadata.hire_date': ['Hire Date'],
          'metadata.worker_status': ['Worker Status', 'Status'],
        },
      },
    ],
  },
} as const satisfies Record<string, ImportPreset>;

export type ImportPresetName = keyof typeof importPresets;

/** The preset of a name; undefined when there is none. */
export function importPreset(name: string): ImportPreset | undefined {
  return Object.entries(importPresets).find(([known]) => known === name)?.[1];
}
