/** Every word on the pages, in German. What a failure says is in `failures-de.ts`. */
import { utcParts } from "../../kernel/time.js";
import { failuresInGerman } from "./failures-de.js";
import type { Messages } from "./messages.js";
import { adminGerman } from "./messages-admin-de.js";
import { toolServersGerman } from "./messages-tool-servers-de.js";

const two = (n: number): string => String(n).padStart(2, "0");

export const german: Messages = {
  language: "de",
  direction: "ltr",
  title: (page, site) => `${page} · ${site}`,
  skipToContent: "Zum Inhalt springen",

  signIn: {
    title: "Anmelden",
    lead: (site) => `Um ${site} zu benutzen, müssen Sie sich anmelden.`,
    choose: (site) => `Wählen Sie, wie Sie sich bei ${site} anmelden möchten.`,
    with: (provider) => `Weiter mit ${provider}`,
    lastUsed: "Zuletzt benutzt",
    unreachable: "Zurzeit nicht erreichbar",
    misconfigured: "Zurzeit nicht richtig eingerichtet",
    noProviders: "Noch ist keine Anmeldung möglich",
    noProvidersNext: "Wer diese Installation betreibt, muss erst einen Anmeldedienst in der Konfiguration eintragen.",
    empty: "Hier hat noch niemand ein Konto",
    emptyNext: "Wer sich als Erstes anmeldet, verwaltet diese Installation.",
    alreadySignedIn: (name) => `Sie sind als ${name} angemeldet.`,
    toAccount: "Zu Ihrem Konto",
  },

  failure: {
    heading: "Das hat nicht geklappt",
    code: "Code",
    request: "Anfrage",
    tryAgain: "Noch einmal versuchen",
    toSignIn: "Zur Anmeldeseite",
  },

  repeat: {
    title: "Noch ein Schritt",
    lead: "Ihr Browser kam vom Anmeldedienst ohne das Cookie zurück, das zu dieser Anmeldung gehört. Wenn Sie von hier aus weitergehen, sollte es mitkommen.",
    button: "Weiter",
  },

  leaving: {
    title: (provider) => `Weiter zu ${provider}`,
    lead: (provider, site) =>
      `Melden Sie sich dort mit dem Konto an, das Sie hinzufügen wollen. Danach schickt ${provider} Sie zurück zu ${site}.`,
    go: (provider) => `Weiter zu ${provider}`,
    back: "Zurück zu Ihrem Konto",
  },

  signInAgain: {
    title: "Melden Sie sich erst neu an",
    lead: "Um Anmeldewege hinzuzufügen oder zu entfernen, muss Ihre Anmeldung jünger als zehn Minuten sein. So kann sich niemand an Ihrem offenen Gerät einen eigenen Zugang machen.",
    last: "Zuletzt angemeldet",
    go: (provider) => `Neu anmelden mit ${provider}`,
  },

  loggedOut: {
    title: "Vom Anmeldedienst abgemeldet",
    done: "Sie sind hier abgemeldet.",
    nothing: "Die Anfrage nannte keine Sitzung, darum hat sich hier nichts geändert.",
  },

  signedOut: {
    title: "Sie sind abgemeldet",
    lead: "Sie können diese Seite schließen. An einem Computer, den auch andere benutzen, schließen Sie auch den Browser.",
    again: "Wieder anmelden",
    onward: (site, host) => `Sie sind bei ${site} abgemeldet. Weiter geht es bei ${host}.`,
  },

  waiting: {
    title: "Warten auf Freigabe",
    lead: (email) =>
      `Sie sind als ${email} angemeldet. Bevor es weitergeht, muss die Verwaltung dieser Installation Ihr Konto freigeben.`,
    next: "Sie müssen nichts weiter tun. Sehen Sie nach einer Weile wieder nach.",
    again: "Wieder nachsehen",
  },

  account: {
    title: "Ihr Konto",
    access: "Ihr Zugang",
    role: "Rolle",
    groups: "Gruppen",
    noGroups: "Sie sind in keiner Gruppe.",
    roleReason: (origin) => {
      switch (origin) {
        case "first-user":
          return "Sie haben sich hier als Erstes angemeldet und verwalten deshalb diese Installation.";
        case "bootstrap":
          return "Ihre Adresse steht in der Konfiguration auf der Liste der Verwaltenden.";
        case "default":
          return "Diese Rolle bekommen alle, die dazukommen.";
        case "manual":
          return "Die Verwaltung hat Ihnen diese Rolle gegeben.";
        case "healed":
          return "Außer Ihnen ist hier niemand mehr, darum verwalten Sie diese Installation.";
        default:
          return `Diese Rolle kommt von ${origin}.`;
      }
    },
    groupManual: "von der Verwaltung hinzugefügt",
    groupDefault: "alle, die dazukommen, sind darin",
    roleClaims: (provider) => `${provider} sagt es, bei jeder Anmeldung.`,
    groupClaims: (provider) => `von ${provider}`,
    verified: "bestätigt",
    unverified: "nicht bestätigt",
    methods: "Anmeldewege",
    methodsLead: "Die Konten bei Anmeldediensten, die zu diesem Konto führen.",
    methodNoEmail: "keine E-Mail-Adresse",
    methodUsed: "Zuletzt benutzt",
    methodAdded: "Hinzugefügt",
    methodCurrent: "Diese Sitzung",
    methodCurrentNote: "Wenn Sie ihn entfernen, sind Sie hier abgemeldet.",
    add: (provider) => `${provider} hinzufügen`,
    addFirst: "Fügen Sie zuerst einen anderen hinzu.",
    remove: "Entfernen",
    removeNamed: (provider, email) => `${provider}${email === null ? "" : `, ${email}`}, als Anmeldeweg entfernen`,
    onlyMethod: "Das ist Ihr einziger Anmeldeweg, darum lässt er sich nicht entfernen.",
    lastMethod: "Ihr letzter Anmeldeweg lässt sich nicht entfernen.",
    nothingAdded: "Ihrem Konto wurde nichts hinzugefügt. Sie können es von hier aus noch einmal versuchen.",
    sessions: "Wo Sie angemeldet sind",
    sessionsLead: "Beenden Sie eine Sitzung, die Sie nicht kennen. Auf jenem Gerät ist dann eine neue Anmeldung nötig.",
    thisDevice: "Dieses Gerät",
    via: (provider) => `über ${provider}`,
    fromAddress: "Adresse",
    unknownAddress: "unbekannt",
    signedInAt: "Angemeldet",
    lastSeen: "Zuletzt gesehen",
    end: "Beenden",
    endNamed: (device, time) => `Beenden: Sitzung auf ${device}, zuletzt gesehen ${time}`,
    endOthers: "Alle anderen Sitzungen beenden",
    endAll: "Überall abmelden",
    administration: "Verwaltung",
    signOut: "Abmelden",
    signOutAsk: "Nur hier abmelden oder auch bei Ihrem Anmeldedienst?",
    signOutLocal: "Nur hier abmelden",
    signOutProvider: "Auch beim Anmeldedienst abmelden",
  },

  admin: adminGerman,
  toolServers: toolServersGerman,
  connections: {
    title: "Verbundene Werkzeugserver",
    lead: "Server, die diese App mit Ihrem Konto dort benutzen darf. Trennen nimmt das zurück, hier und dort.",
    connect: "Verbinden",
    connectNamed: (name) => `${name} verbinden`,
    reconnect: "Neu verbinden",
    reconnectNamed: (name) => `${name} neu verbinden`,
    disconnect: "Trennen",
    disconnectNamed: (name) => `${name} trennen`,
    since: "Verbunden",
    scopes: "Erlaubt:",
    status: {
      not_connected: "nicht verbunden",
      connected: "verbunden",
      needs_consent: "fragt nach mehr",
      needs_reconnect: "zu erneuern",
      unreachable: "nicht erreichbar",
      open: "offen",
    },
    meaning: {
      not_connected: "Sie haben ihn nicht verbunden.",
      connected: "Er lässt sich benutzen.",
      needs_consent: "Was Sie dort tun wollten, braucht eine weitere Erlaubnis. Verbinden Sie neu, um sie zu geben.",
      needs_reconnect: "Die Verbindung ist zu Ende. Verbinden Sie neu.",
      unreachable: "Der Server antwortet gerade nicht.",
      open: "Alle können ihn benutzen, ohne Verbindung.",
    },
  },

  connect: {
    title: (name) => `${name} verbinden?`,
    lead: (name, app) =>
      `Eine andere Website hat Sie hierher geschickt. Wenn Sie fortfahren, werden Sie bei ${name} gefragt, ob ${app} Ihr Konto dort benutzen darf.`,
    go: (name) => `${name} verbinden`,
  },

  done: {
    "role-set": "Die Rolle ist geändert. Sie gilt schon in offenen Sitzungen.",
    "user-disabled": "Die Person ist abgeschaltet, und ihre Sitzungen sind beendet.",
    "user-enabled": "Die Person ist wieder eingeschaltet und kann sich anmelden.",
    "user-signed-out": "Alle Sitzungen dieser Person sind beendet.",
    "message-retried": "Die Nachricht wird erneut zugestellt.",
    "messages-retried": "Die Nachrichten werden erneut zugestellt.",
    "server-added": "Der Werkzeugserver ist hinzugekommen. Personen sehen ihn ab jetzt auf ihrer Kontoseite.",
    "server-removed": "Der Werkzeugserver ist entfernt, und mit ihm die Verbindungen, die Personen zu ihm hatten.",
    "session-ended": "Die Sitzung ist beendet.",
    "others-ended": "Alle anderen Sitzungen sind beendet.",
    "method-added": "Der Anmeldeweg ist hinzugefügt. Sie können sich von jetzt an damit anmelden.",
    "method-removed": "Der Anmeldeweg ist entfernt, und seine Sitzungen sind beendet.",
    connected: "Der Werkzeugserver ist verbunden.",
    disconnected: "Der Werkzeugserver ist getrennt. Die Erlaubnis wird auch dort zurückgenommen.",
    "signed-in-again":
      "Sie haben sich neu angemeldet. Zehn Minuten lang können Sie Anmeldewege hinzufügen und entfernen.",
  },

  failures: failuresInGerman,

  device: {
    unknown: "Unbekanntes Gerät",
    browserOnSystem: (browser, system) => `${browser} auf ${system}`,
  },

  time: (at) => {
    const { year, month, day, hour, minute } = utcParts(at);
    return `${two(day)}.${two(month)}.${year}, ${two(hour)}:${two(minute)} UTC`;
  },
};
