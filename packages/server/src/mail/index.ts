export { mailRoutes } from './mail-routes.ts';
export { MailService } from './mail-service.ts';
export { findMailFailures, type MailFailure, purgeMessages, readMailBacklog } from './mail-store.ts';
export { type Composed, MailWorker, type MessageWriter } from './mail-worker.ts';
export { type MailSettings, openMail } from './open-mail.ts';
export { checkTemplate, fillHtml, fillText, type TemplateValues } from './template.ts';
