/**
 * What a failure tells a person, in German: the `message` and the `person` of the error catalog. A code without its
 * words here does not compile. Long because it has a row for each of them. What the operator is told stays English (the catalog, the log, the command line).
 */
import type { ErrorCode } from "../../kernel/error-catalog.js";
import type { FailureWords } from "./messages.js";

const again = "Gehen Sie zurück auf die Anmeldeseite, und beginnen Sie von vorn.";
const ask = "Fragen Sie, wer diese App betreibt, und nennen Sie dabei die Nummer der Anfrage.";
const connectAgain = "Gehen Sie auf Ihre Kontoseite und verbinden Sie noch einmal.";

export const failuresInGerman: Readonly<Record<ErrorCode, FailureWords>> = {
  "signin.parameter_repeated": { message: "Die Antwort des Anmeldedienstes war nicht lesbar.", person: again },
  "signin.parameter_too_long": { message: "Die Antwort des Anmeldedienstes war zu lang.", person: again },
  "signin.parameter_missing": { message: "Die Antwort des Anmeldedienstes war unvollständig.", person: again },
  "signin.state_unknown": {
    message: "Diese Anmeldung hat nicht in diesem Browser begonnen, oder ihr Cookie ist nicht mehr da.",
    person: `${again} Wenn es wieder geschieht, erlauben Sie Cookies für diese Seite.`,
  },
  "signin.state_expired": { message: "Diese Anmeldung hat zu lange gedauert.", person: again },
  "signin.flow_used": { message: "Diese Anmeldung ist schon abgeschlossen.", person: again },
  "signin.issuer_rejected": {
    message: "Die Antwort kam nicht von dem Anmeldedienst, der gefragt wurde.",
    person: again,
  },
  "signin.denied": { message: "Die Anmeldung wurde beim Anmeldedienst abgebrochen.", person: again },
  "signin.interaction_required": {
    message: "Der Anmeldedienst braucht bei der Anmeldung Ihre Mitwirkung.",
    person: again,
  },
  "signin.provider_refused": { message: "Der Anmeldedienst hat die Anfrage abgelehnt.", person: ask },
  "signin.provider_unavailable": {
    message: "Der Anmeldedienst ist zurzeit nicht erreichbar.",
    person: "Versuchen Sie es in einer Minute noch einmal, oder melden Sie sich auf einem anderen Weg an.",
  },
  "signin.provider_misconfigured": {
    message: "Die Anmeldung mit diesem Dienst ist nicht richtig eingerichtet.",
    person: ask,
  },
  "signin.provider_unknown": {
    message: "Diesen Anmeldedienst gibt es hier nicht.",
    person: "Wählen Sie einen der Dienste auf der Anmeldeseite.",
  },
  "signin.provider_disabled": {
    message: "Dieser Anmeldedienst ist abgeschaltet.",
    person: "Wählen Sie einen anderen Dienst auf der Anmeldeseite.",
  },
  "signin.provider_enabled": { message: "Dieser Anmeldedienst ist noch eingeschaltet.", person: ask },
  "signin.client_rejected": { message: "Die Anmeldung mit diesem Dienst ist nicht richtig eingerichtet.", person: ask },
  "signin.code_rejected": { message: "Der Anmeldedienst hat seine eigene Antwort nicht angenommen.", person: again },
  "signin.token_answer_invalid": {
    message: "Der Anmeldedienst hat eine Antwort geschickt, die nicht zu gebrauchen war.",
    person: ask,
  },
  "signin.id_token_invalid": {
    message: "Der Anmeldedienst hat einen Nachweis geschickt, der nicht gültig ist.",
    person: ask,
  },
  "signin.userinfo_invalid": {
    message: "Der Anmeldedienst hat Angaben geschickt, die nicht zu gebrauchen waren.",
    person: ask,
  },
  "signin.subject_invalid": { message: "Der Anmeldedienst hat nicht gesagt, wer Sie sind.", person: ask },
  "signin.email_missing": {
    message: "Der Anmeldedienst hat keine E-Mail-Adresse mitgeteilt.",
    person: "Tragen Sie beim Anmeldedienst eine E-Mail-Adresse in Ihr Konto ein, und melden Sie sich dann wieder an.",
  },
  "signin.email_invalid": { message: "Die E-Mail-Adresse vom Anmeldedienst kann nicht verwendet werden.", person: ask },
  "signin.claims_unreadable": { message: "Die Angaben waren nicht lesbar.", person: ask },
  "signin.setup_required": { message: "Diese Installation ist noch nicht eingerichtet.", person: ask },
  "signin.return_refused": { message: "Diese Seite kann nach der Anmeldung nicht geöffnet werden.", person: again },
  "link.email_taken": {
    message: "Es gibt schon ein Konto mit dieser E-Mail-Adresse.",
    person: "Melden Sie sich so an wie bisher; danach können Sie diesen Dienst auf Ihrer Kontoseite hinzufügen.",
  },
  "link.issuer_taken": {
    message: "Dieses Konto hat bei diesem Anmeldedienst schon eine Anmeldung.",
    person: "Melden Sie sich mit dem Konto des Dienstes an, das Sie bisher benutzt haben.",
  },
  "account.sign_up_closed": { message: "Sie haben hier kein Konto.", person: ask },
  "account.domain_refused": { message: "Ihre E-Mail-Adresse darf hier nicht benutzt werden.", person: ask },
  "account.disabled": { message: "Ihr Konto wurde abgeschaltet.", person: ask },
  "account.pending": {
    message: "Ihr Konto wartet auf Freigabe.",
    person: "Warten Sie, bis die Verwaltung Ihr Konto freigibt.",
  },
  "account.not_admin": {
    message: "Diese Seite können nur Administratoren öffnen.",
    person: "Bitten Sie einen Administrator, es für Sie zu tun.",
  },
  "account.not_found": { message: "Dieses Konto gibt es nicht.", person: "Prüfen Sie die Adresse oder die Kennung." },
  "account.last_admin": {
    message: "Dann wäre niemand mehr zuständig.",
    person: "Geben Sie erst jemand anderem die Rolle admin.",
  },
  "link.identity_taken": {
    message: "Dieses Konto des Anmeldedienstes gehört hier zu einem anderen Konto.",
    person:
      "Nehmen Sie ein anderes Konto beim Anmeldedienst. Wenn beide Konten Ihre sind, melden Sie sich bei dem anderen an und entfernen Sie den Anmeldeweg dort zuerst.",
  },
  "link.last_identity": {
    message: "Das ist der einzige Weg, der noch in Ihr Konto führt.",
    person: "Fügen Sie zuerst einen anderen Anmeldeweg hinzu.",
  },
  "link.not_found": {
    message: "Diesen Anmeldeweg gibt es nicht.",
    person: "Vielleicht ist er schon entfernt; laden Sie die Seite neu.",
  },
  "link.reauthentication_required": {
    message: "Ihre letzte Anmeldung ist dafür zu lange her.",
    person: "Melden Sie sich neu an, und versuchen Sie es dann innerhalb von zehn Minuten noch einmal.",
  },
  "link.session_changed": {
    message: "Der Anmeldeweg wurde nicht hinzugefügt, weil Sie jetzt anders angemeldet sind.",
    person: "Melden Sie sich an, und fügen Sie ihn auf Ihrer Kontoseite hinzu.",
  },
  "account.role_refused": {
    message: "Ihr Anmeldedienst gibt Ihnen keinen Zugang zu dieser App.",
    person: `${ask} Dort wird entschieden, wer Zugang hat.`,
  },
  "account.roles_absent": { message: "Ihr Anmeldedienst hat nicht gesagt, was Sie hier dürfen.", person: ask },
  "account.roles_unknown": {
    message: "Was Sie hier dürfen, war nicht herauszufinden.",
    person:
      "Versuchen Sie es in einer Minute noch einmal. Wenn es wieder geschieht, fragen Sie, wer diese App betreibt.",
  },
  "account.groups_too_many": {
    message: "Ihr Anmeldedienst nennt für Sie mehr Gruppen, als diese App annehmen kann.",
    person: ask,
  },
  "account.exists": {
    message: "Es gibt schon ein Konto mit dieser E-Mail-Adresse.",
    person: "Verwenden Sie dieses Konto oder eine andere Adresse.",
  },
  "account.email_invalid": {
    message: "Das ist keine E-Mail-Adresse, die ein Konto haben kann.",
    person: "Prüfen Sie die Adresse.",
  },
  "account.role_unknown": { message: "Diese Rolle gibt es nicht.", person: "Wählen Sie eine der aufgeführten Rollen." },
  "session.missing": { message: "Sie sind nicht angemeldet.", person: "Melden Sie sich an." },
  "session.invalid": { message: "Sie sind nicht mehr angemeldet.", person: "Melden Sie sich wieder an." },
  "session.conflict": {
    message: "Die Anfrage enthält zwei verschiedene Anmeldungen.",
    person: "Melden Sie sich wieder an.",
  },
  "session.not_found": {
    message: "Diese Sitzung gibt es nicht.",
    person: "Vielleicht ist sie schon beendet; laden Sie die Seite neu.",
  },
  "session.origin_refused": {
    message: "Diese Anfrage kam nicht von einer unserer eigenen Seiten.",
    person: "Gehen Sie auf Ihre Kontoseite, und versuchen Sie es von dort noch einmal.",
  },
  "grant.not_connected": {
    message: "Dieses Konto ist nicht verbunden.",
    person: "Verbinden Sie es zuerst: Melden Sie sich mit diesem Dienst an.",
  },
  "grant.needs_reconnect": {
    message: "Die Verbindung muss erneuert werden.",
    person: "Melden Sie sich mit diesem Dienst neu an.",
  },
  "grant.refresh_unavailable": {
    message: "Die Verbindung ist zurzeit nicht zu benutzen.",
    person: "Versuchen Sie es gleich noch einmal.",
  },
  "grant.client_rejected": { message: "Diese Verbindung ist nicht richtig eingerichtet.", person: ask },
  "grant.provider_refused": { message: "Diese Verbindung ist nicht richtig eingerichtet.", person: ask },
  "grant.unreadable": { message: "Die Verbindung ist zurzeit nicht zu benutzen.", person: ask },
  "grant.connection_unknown": { message: "Diese Verbindung gibt es nicht.", person: "Prüfen Sie ihren Namen." },
  "grant.connection_disabled": { message: "Diese Verbindung ist abgeschaltet.", person: ask },
  "grant.url_refused": { message: "Eine Anfrage an einen anderen Server wurde abgelehnt.", person: ask },
  "grant.sign_in_needed": {
    message: "Sie müssen sich neu anmelden, um fortzufahren.",
    person: "Melden Sie sich ab und dann neu an.",
  },
  "grant.token_bound": { message: "Das Token dieser Verbindung kann nicht herausgegeben werden.", person: ask },
  "grant.consent_required": {
    message: "Die Verbindung erlaubt das nicht.",
    person: "Verbinden Sie sich neu, und erlauben Sie, wonach gefragt wird.",
  },
  "logout.token_invalid": { message: "Die Abmeldung des Anmeldedienstes war nicht gültig.", person: ask },
  "logout.request_invalid": { message: "Die Anfrage zur Abmeldung war nicht lesbar.", person: ask },
  "logout.unfinished": {
    message: "Die Abmeldung ließ sich nicht abschließen.",
    person: "Versuchen Sie es in einer Minute noch einmal.",
  },
  "connect.server_unreachable": {
    message: "Der Werkzeugserver ist gerade nicht erreichbar.",
    person: "Versuchen Sie es in einer Minute noch einmal.",
  },
  "connect.metadata_refused": {
    message: "Dieser Werkzeugserver lässt sich so, wie er eingerichtet ist, nicht verwenden.",
    person: ask,
  },
  "connect.pkce_unsupported": { message: "Dieser Werkzeugserver lässt sich nicht sicher verbinden.", person: ask },
  "connect.server_exists": { message: "Einen Werkzeugserver mit diesem Namen gibt es schon.", person: ask },
  "connect.server_unknown": {
    message: "Diesen Werkzeugserver gibt es hier nicht.",
    person: "Wählen Sie einen der Werkzeugserver auf Ihrer Kontoseite.",
  },
  "connect.preview_expired": {
    message: "Dieser Werkzeugserver muss noch einmal angesehen werden, bevor er dazukommt.",
    person: "Prüfen Sie, was im Formular steht, und sehen Sie ihn noch einmal an.",
  },
  "connect.server_disabled": { message: "Dieser Werkzeugserver ist abgeschaltet.", person: ask },
  "connect.access_refused": { message: "Sie dürfen diesen Werkzeugserver nicht benutzen.", person: ask },
  "connect.server_open": {
    message: "Dieser Werkzeugserver braucht keine Verbindung.",
    person: "Benutzen Sie ihn, wie er ist.",
  },
  "connect.registration_needed": { message: "Dieser Werkzeugserver muss erst eingerichtet werden.", person: ask },
  "connect.registration_refused": { message: "Dieser Werkzeugserver ist nicht richtig eingerichtet.", person: ask },
  "connect.issuer_changed": { message: "Dieser Werkzeugserver ist nicht richtig eingerichtet.", person: ask },
  "connect.parameter_invalid": {
    message: "Die Antwort von der Anmeldung des Werkzeugservers ließ sich nicht lesen.",
    person: connectAgain,
  },
  "connect.state_unknown": {
    message: "Diese Verbindung wurde nicht in diesem Browser begonnen, oder ihr Cookie ist fort.",
    person: connectAgain,
  },
  "connect.state_expired": { message: "Das Verbinden hat zu lange gedauert.", person: connectAgain },
  "connect.flow_used": {
    message: "Diese Verbindung wurde schon abgeschlossen.",
    person: "Sehen Sie auf Ihrer Kontoseite nach; verbinden Sie noch einmal, wenn sie dort fehlt.",
  },
  "connect.session_changed": {
    message: "Es wurde nichts verbunden, weil Sie jetzt anders angemeldet sind.",
    person: "Melden Sie sich an und verbinden Sie von Ihrer Kontoseite aus.",
  },
  "connect.issuer_rejected": {
    message: "Die Antwort kam nicht von dem Server, der gefragt wurde.",
    person: connectAgain,
  },
  "connect.denied": { message: "Das Verbinden wurde abgebrochen.", person: connectAgain },
  "connect.server_refused": { message: "Die Anmeldung des Werkzeugservers hat die Anfrage abgelehnt.", person: ask },
  "connect.client_rejected": { message: "Dieser Werkzeugserver ist nicht richtig eingerichtet.", person: ask },
  "connect.code_rejected": {
    message: "Die Anmeldung des Werkzeugservers hat ihre eigene Antwort nicht angenommen.",
    person: connectAgain,
  },
  "connect.token_answer_invalid": {
    message: "Die Anmeldung des Werkzeugservers hat eine Antwort geschickt, die nicht zu gebrauchen ist.",
    person: ask,
  },
  "connect.consent_exhausted": {
    message: "Der Werkzeugserver fragt immer wieder nach einer Erlaubnis, die er schon hat.",
    person: ask,
  },
  "webhook.message_unknown": { message: "Diese Nachricht gibt es nicht.", person: "Prüfen Sie die Kennung." },
  "config.invalid": { message: "Die Konfiguration ist nicht gültig.", person: ask },
  "config.not_found": { message: "Es gibt keine Konfiguration.", person: ask },
  "config.unreadable": { message: "Die Konfiguration kann nicht gelesen werden.", person: ask },
  "config.unwritable": { message: "Die Konfiguration kann nicht geschrieben werden.", person: ask },
  "config.cannot_listen": { message: "Der Server kann unter seiner Adresse keine Verbindungen annehmen.", person: ask },
  "config.secret_weak": { message: "Die Konfiguration ist nicht gültig.", person: ask },
  "egress.url_refused": { message: "Eine Anfrage an einen anderen Server wurde abgelehnt.", person: ask },
  "egress.address_refused": { message: "Eine Anfrage an einen anderen Server wurde abgelehnt.", person: ask },
  "egress.redirect_refused": { message: "Ein anderer Server hat uns weitergeschickt.", person: ask },
  "egress.timeout": {
    message: "Ein anderer Server hat zu lange nicht geantwortet.",
    person: "Versuchen Sie es in einer Minute noch einmal.",
  },
  "egress.too_large": { message: "Ein anderer Server hat zu viel geschickt.", person: ask },
  "egress.content_type": { message: "Ein anderer Server hat etwas Unerwartetes geschickt.", person: ask },
  "egress.not_accepted": { message: "Ein anderer Server hat eine Nachricht nicht angenommen.", person: ask },
  "egress.failed": {
    message: "Ein anderer Server ist nicht erreichbar.",
    person: "Versuchen Sie es in einer Minute noch einmal.",
  },
  "store.busy": { message: "Der Dienst ist sehr beschäftigt.", person: "Versuchen Sie es gleich noch einmal." },
  "store.unavailable": {
    message: "Der Dienst ist zurzeit nicht verfügbar.",
    person: "Versuchen Sie es gleich noch einmal.",
  },
  "store.driver_missing": { message: "Der Dienst ist zurzeit nicht verfügbar.", person: ask },
  "store.newer": { message: "Der Dienst ist zurzeit nicht verfügbar.", person: ask },
  "store.not_migrated": { message: "Der Dienst ist zurzeit nicht verfügbar.", person: ask },
  "token.client_invalid": { message: "Der Dienst konnte sich nicht ausweisen.", person: ask },
  "token.request_invalid": { message: "Die Anfrage des Dienstes war nicht brauchbar.", person: ask },
  "token.grant_type_unsupported": { message: "Die Anfrage des Dienstes war nicht brauchbar.", person: ask },
  "token.type_unsupported": { message: "Die Anfrage des Dienstes war nicht brauchbar.", person: ask },
  "token.target_invalid": { message: "Die Anfrage des Dienstes war nicht brauchbar.", person: ask },
  "token.target_refused": { message: "Der Dienst darf diese Verbindung nicht benutzen.", person: ask },
  "token.subject_refused": { message: "Das Token, das der Dienst vorgezeigt hat, beweist hier nichts.", person: ask },
  "token.offline_refused": { message: "Der Dienst darf nicht für jemanden handeln, der nicht da ist.", person: ask },
  "token.service_exists": {
    message: "Es gibt schon einen Dienst mit diesem Namen.",
    person: "Wählen Sie einen anderen Namen.",
  },
  "token.service_unknown": { message: "Diesen Dienst gibt es nicht.", person: "Prüfen Sie den Namen." },
  "token.service_invalid": {
    message: "Das kann kein Dienst sein.",
    person: "Prüfen Sie den Namen und was er haben darf.",
  },
  "server.rate_limited": {
    message: "Zu viele Anfragen.",
    person: "Warten Sie ein wenig, und versuchen Sie es dann noch einmal.",
  },
  "server.token_required": { message: "Diese Seite ist für Programme, die ihr Token kennen.", person: ask },
  "server.not_found": { message: "Diese Seite gibt es nicht.", person: "Prüfen Sie die Adresse." },
  "server.method_refused": {
    message: "Diese Seite kann so nicht benutzt werden.",
    person: "Gehen Sie zurück, und versuchen Sie es noch einmal.",
  },
  "server.bad_request": {
    message: "Die Anfrage konnte nicht gelesen werden.",
    person: "Gehen Sie zurück, und versuchen Sie es noch einmal.",
  },
  "server.unexpected": { message: "Etwas ist schiefgegangen.", person: ask },
};
