/** The words of the admin pages of tool servers and of providers' addresses, in German. */
import type { Messages } from "./messages.js";

export const toolServersGerman: Messages["toolServers"] = {
  title: "Werkzeugserver",
  lead: "Server, bei denen Personen ihr eigenes Konto verbinden: MCP-Server mit OAuth. Jeder Knoten bietet einen neuen ab der nächsten Anfrage an.",
  none: "Noch gibt es keinen. Fügen Sie den ersten mit der URL hinzu, die ein MCP-Client bekäme.",
  toAdd: "Werkzeugserver hinzufügen",
  back: "Alle Werkzeugserver",
  source: {
    file: "steht in der Datei",
    stored: "hier hinzugefügt",
    hidden: "von der Datei verdeckt",
    unreadable: "nicht lesbar",
    removing: "Entfernen abgebrochen",
    left: "übrig geblieben",
  },
  hiddenNote: "In der Datei steht einer mit dieser Kennung; er wird stattdessen benutzt.",
  unreadableNote: "Kein Geheimnis öffnet ihn, oder diese Version versteht ihn nicht.",
  removingNote:
    "Er wurde entfernt und steht nicht in der Datei dieses Knotens. Verbindungen von Personen sind noch da.",
  leftNote:
    "Er steht weder in der Datei dieses Knotens, noch ist er hier hinzugefügt. Verbindungen von Personen oder unsere Registrierung dort sind noch da.",
  off: "abgeschaltet",
  added: "Hinzugefügt",
  test: "Testen",
  testNamed: (name) => `${name} testen`,
  remove: "Entfernen",
  removeNamed: (name) => `${name} entfernen`,
  finish: "Entfernen abschließen",
  finishNamed: (name) => `Entfernen abschließen: ${name}`,

  addLead: "Zuerst wird gezeigt, was der Server über sich sagt. Bevor Sie das gesehen haben, kommt nichts hinzu.",
  url: "URL",
  urlNote: "Die, die ein MCP-Client bekommt, etwa https://mcp.example.com/mcp.",
  name: "Name, den Personen sehen",
  nameNote: "Darf leer bleiben: Dann ist es die Kennung.",
  id: "Kennung",
  idNote: "Sein Name in URLs und Aufzeichnungen. Darf leer bleiben: Dann wird sie aus dem Host gemacht.",
  more: "Berechtigungen, Zugang, ein eigener Client",
  scopes: "Berechtigungen (scopes), mit Leerzeichen dazwischen",
  scopesNote: "Darf leer bleiben: Dann, was der Server verlangt.",
  access: "Wer ihn benutzen darf",
  rolesNote: "Personen müssen eine davon haben. Ist keine gewählt, wird keine verlangt.",
  groups: "Gruppen, eine je Zeile",
  groupsNote: "Darf leer bleiben. Sonst muss man außerdem in einer davon sein.",
  client: "Ein Client, der dort angelegt wurde",
  clientNote: "Nur wo der Server niemanden von selbst registriert.",
  clientId: "Client-ID",
  clientSecret: "Client-Geheimnis",
  secretKept:
    "Das getippte ist aufgehoben und wird niemandem gezeigt. Lassen Sie dieses Feld leer, um es zu benutzen, und die Client-ID, um es zu verwerfen.",
  look: "Ansehen",
  otherKeys: "Jeder andere Schlüssel lässt sich mit latchkey tool-server add --set oder in der Datei setzen.",
  wrongTitle: "Manches davon lässt sich nicht verwenden",
  wrongNext: "Bei jedem Feld steht, was hineingehört.",
  wrong: {
    url: "Das muss eine ganze URL mit https sein, ohne Fragment und ohne Passwort.",
    id: "1 bis 32 Zeichen aus a-z, 0-9 und -. Wo sich aus dem Host keine machen lässt, muss sie angegeben werden.",
    name: "Höchstens 100 Zeichen.",
    scopes: "Berechtigungen bestehen aus druckbarem ASCII ohne Anführungszeichen und umgekehrte Schrägstriche.",
    roles: "Nur Rollen aus roles.order lassen sich verlangen.",
    groups: "Der Name einer Gruppe hat höchstens 256 Zeichen.",
    clientId: "Zu einem Geheimnis gehört eine Client-ID; sie fehlt oder kann keine sein.",
    clientSecret: "Das kann kein Geheimnis sein.",
  },
  advice: {
    "connect.server_unreachable":
      "Geändert wurde nichts. Unten steht, wo es nicht weiterging; versuchen Sie es später noch einmal.",
    "connect.metadata_refused":
      "Was er veröffentlicht, lässt sich nicht verwenden; unten steht, was daran falsch ist. Wer ihn betreibt, kann das beheben. Hat eine eigene Regel seine Adresse abgelehnt (egress.…), helfen egress.allowHttp und egress.allow weiter.",
    "connect.pkce_unsupported":
      "Seine Metadaten nennen S256 nicht. Beherrscht er es trotzdem, fügen Sie ihn mit latchkey tool-server add --set allowMissingPkceMetadata=true hinzu.",
    "connect.server_exists": "Wählen Sie eine andere Kennung, oder entfernen Sie zuerst den vorhandenen.",
    "connect.preview_expired":
      "Prüfen Sie, was im Formular steht, tippen Sie das Client-Geheimnis noch einmal, wo es eines gibt, und sehen Sie den Server noch einmal an.",
    "connect.registration_refused":
      "Unten steht, was er geantwortet hat. Vielleicht genügt ein Client, den Sie dort von Hand anlegen.",
    "connect.registration_needed":
      "Legen Sie dort einen Client mit der Redirect-URI an und fügen Sie den Server mit dessen Client-ID hinzu.",
    "connect.issuer_changed":
      "Er nennt einen anderen Autorisierungsserver als den, zu dem die Client-ID gehört. Zugangsdaten gehen nie an einen anderen: Ist der neue der richtige, entfernen Sie den Server und fügen Sie ihn mit einem Client des neuen wieder hinzu.",
    "connect.server_unknown": "Vielleicht wurde er inzwischen entfernt.",
  },

  preview: (name) => `${name} hinzufügen?`,
  previewLead: "Das wurde gefunden, und das wird benutzt. Noch ist nichts hinzugekommen.",
  add: (id) => `Als ${id} hinzufügen`,
  change: "Etwas ändern",
  needsClientTitle: "Noch könnte ihn niemand verbinden",
  needsClient:
    "Er registriert niemanden von selbst. Legen Sie dort einen Client mit der Redirect-URI unten an und fügen Sie ihn mit dessen ID und Geheimnis hinzu.",
  opensTitle: "Er verlangt kein Token",
  opens: "Alle können ihn benutzen, und niemand muss ihn verbinden.",

  says: "Was der Server sagt",
  saysOf: {
    token: "Verlangt ein Token",
    resource: "Ressource",
    issuer: "Autorisierungsserver",
    several: "Einer von mehreren",
    scopes: "Berechtigungen, die er nennt",
    ways: "Wege zur Registrierung",
    pkce: "PKCE mit S256",
  },
  uses: "Was benutzt wird",
  usesOf: {
    client: "Client",
    clientId: "Client-ID",
    redirectUri: "Redirect-URI",
    scopes: "Verlangte Berechtigungen",
    resource: "resource (RFC 8707)",
    dpop: "Gebundene Token (DPoP)",
  },
  since: (what, why) => `${what}, denn ${why}`,
  yes: "ja",
  no: "nein",
  openToAll: "nein, er steht allen offen",
  notSaid: "nicht gesagt",
  noneOfThem: "keine",
  defaultScopes: "keine: Der Server nimmt seine Vorgabe",
  leftOut: "weggelassen",
  registration: {
    auto: "wie der Server es will",
    static: "die gesetzte Client-ID",
    cimd: "unser Client-Metadaten-Dokument",
    dynamic: "dynamische Registrierung",
    "client-credentials": "Client Credentials, für alle gleich",
    enterprise: "die hiesige Anmeldung der Person, eingetauscht (ID-JAG)",
    workload: "das Token dieses Programms",
    key: "der gesetzte Schlüssel",
    provider: "ein Token des Anmeldedienstes",
    operator: "noch nichts",
  },
  reason: {
    client_id_set: "eine Client-ID ist gesetzt",
    registration_set: "so steht es in der Konfiguration (registration)",
    cimd_taken: "der Server nimmt Client-Metadaten-Dokumente und kann unseres abrufen",
    cimd_not_taken: "der Server nimmt keine Client-Metadaten-Dokumente",
    cimd_refused: "der Server hat unser Client-Metadaten-Dokument schon abgelehnt",
    base_url_not_public:
      "baseUrl ist nicht öffentlich: Der Server könnte unser Client-Metadaten-Dokument nicht abrufen",
    no_way_to_register: "der Server registriert niemanden von selbst, und keine Client-ID ist gesetzt",
    no_registration_endpoint: "registration ist dynamic, und der Server hat keinen Registrierungsendpunkt",
    document_refused: "der Server hat unser Client-Metadaten-Dokument abgelehnt und registriert niemanden von selbst",
  },
  ways: { cimd: "Client-Metadaten-Dokumente", dynamic: "dynamische Registrierung (RFC 7591)" },
  warnings: {
    fixed_endpoints: (at) =>
      `Er veröffentlicht keine Metadaten. Die Pfade von 2025-03-26 bei ${at} sind geraten: /authorize, /token, /register.`,
    issuer_mismatch: (told) => `Seine Metadaten nennen den Aussteller ${told}, den allowIssuerMismatch gelten lässt.`,
    pkce_not_announced: (said) =>
      `Seine Metadaten nennen S256 nicht (${said}); mit allowMissingPkceMetadata geht es trotzdem weiter.`,
    resource_prefix: (resource) =>
      `Seine Metadaten handeln von ${resource}; die URL ist ein Teil davon: Token gelten für all das.`,
  },
  dpop: { none: "nein", wanted: "ja", required: "ja, und keine anderen" },

  tested: (name) => `Test von ${name}`,
  again: "Noch einmal testen",
  works: "Er lässt sich verbinden",
  noFault: "Nichts wurde gefunden, was im Weg stünde",
  worksNot: "Er lässt sich nicht verbinden",
  authorize: {
    accepted: "Sein Autorisierungsendpunkt nimmt unsere Anfrage an.",
    refused: "Sein Autorisierungsendpunkt lehnt unsere Anfrage ab.",
    unclear: "Sein Autorisierungsendpunkt antwortet. Ob es weiterginge, sagt er nur einer Person.",
  },
  answered: "Im Einzelnen",

  removal: (name) => `${name} entfernen?`,
  removalHidden:
    "In der Datei steht einer mit dieser Kennung. Der bleibt, und was Personen dort verbunden haben, auch.",
  removalNobody: "Niemand hat ihn verbunden.",
  removalPeople: (count) =>
    `Personen, die ihn verbunden haben: ${count}. Ihre Verbindungen enden sofort und werden beim Server widerrufen.`,
  removalUnrevoked: (count) =>
    `Personen, die ihn verbunden haben: ${count}. Ihre Verbindungen enden sofort. Widerrufen lassen sie sich nicht: Wo und als welcher Client, ist nicht mehr bekannt.`,
  keep: "Behalten",

  providers: "Anmeldedienste",
  providersLead: "Was jeder Anmeldedienst von dieser Installation wissen muss, dort genau so einzutragen.",
  redirectUri: "Redirect-URI",
  postLogout: "Redirect-URI nach dem Abmelden",
  logoutNote: "Eine von diesen beiden, wo der Dienst Personen abmelden kann (docs/logout.md):",
  backChannel: "URI für Back-Channel-Logout",
  frontChannel: "URI für Front-Channel-Logout",
};
