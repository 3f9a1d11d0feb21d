// Without the schemas: browsers have them from here.

/** The fields that name a record to people, whatever kind it is of: the first that is there counts. */
export const nameFields = ['display_name', 'email', 'name', 'domain', 'url'] as const;
