export { mailRoutes } from './mail-routes.ts';
export { type Composed, type Letters, MailService } from './mail-service.ts';
export { findMailFailures, type MailFailure, purgeMessages, readMailBacklog } from './mail-store.ts';
export { type MailSettings, openMail } from './open-mail.ts';
export { checkTemplate, fillHtml, fillText, type TemplateValues } from './template.ts';
