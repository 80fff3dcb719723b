/** The words of the admin pages, in German. */
import type { Messages } from "./messages.js";

export const adminGerman: Messages["admin"] = {
  title: "Verwaltung",
  navigation: "Seiten der Verwaltung",
  people: "Personen",
  claims: "Angaben",
  webhooks: "Webhooks",
  toAccount: "Ihr Konto",
  more: "Weitere",

  attentionTitle: "Zu erledigen",
  waiting: (count) => `Personen, die auf Freigabe warten: ${count}`,
  dead: (count) => `Aufgegebene Nachrichten an Webhooks: ${count}`,

  search: "Suche nach Name oder Adresse",
  role: "Rolle",
  anyRole: "Jede Rolle",
  find: "Suchen",
  nobody: "Niemand passt zu dieser Suche.",
  neverSignedIn: "Noch nie angemeldet",
  lastSignIn: "Zuletzt angemeldet",
  unclaimed: "Wartet auf seine Person",
  disabled: "Abgeschaltet",

  access: "Zugang",
  roleReason: (origin) => {
    switch (origin) {
      case "first-user":
        return "war die erste Person, die sich angemeldet hat";
      case "bootstrap":
        return "steht in signIn.bootstrapAdmins";
      case "default":
        return "die Rolle aller, die dazukommen (roles.default)";
      case "manual":
        return "von einem Administrator gegeben";
      case "healed":
        return "die einzige Person, die noch da ist (roles.healLoneUser)";
      default:
        return `von ${origin}`;
    }
  },
  roleClaims: (provider) => `aus den Angaben von ${provider}`,
  noGroups: "In keiner Gruppe.",
  changeRole: "Rolle ändern",
  changeRoleNote: "Gilt sofort, auch in offenen Sitzungen.",
  methods: "Anmeldewege",
  noMethods: "Noch keiner: Die erste bestätigte Anmeldung mit dieser Adresse übernimmt das Konto.",
  subject: "Kennung",
  sessions: "Sitzungen",
  sessionCount: (count) => `Offene Sitzungen: ${count}`,
  signOut: "Überall abmelden",
  disable: "Abschalten",
  disableNote: "Abgeschaltet enden alle Sitzungen, und niemand meldet sich damit an, bis es wieder eingeschaltet ist.",
  enable: "Wieder einschalten",
  enableNote: "Es ist abgeschaltet: Niemand meldet sich damit an.",
  backToPeople: "Alle Personen",

  claimsLead:
    "Fügen Sie die Angaben zu einer Person ein, etwa den Inhalt eines ID-Tokens, und sehen Sie, wozu sie führen würden. Niemand wird angemeldet, nichts wird geschrieben.",
  provider: "Anmeldedienst",
  claimsJson: "Angaben als ein JSON-Objekt",
  asPerson: "Entscheiden, als wären es die dieser Person (eine Adresse; darf leer bleiben)",
  explain: "Erklären",
  notReadable: "Die Angaben konnten nicht gelesen werden",
  notReadableNext: "Sie müssen ein JSON-Objekt sein.",
  wouldSignIn: "Würde angemeldet",
  wouldNot: "Würde nicht angemeldet",
  wouldBeRefused: (code) => `Würde abgewiesen: ${code}`,
  signedOutToo: "Jede Sitzung dieser Person würde enden.",
  issuer: "Aussteller",
  email: "E-Mail-Adresse",
  name: "Name",
  noName: "keiner: Die Adresse steht an seiner Stelle",
  account: "Konto",
  accountKind: {
    create: "ein neues",
    update: "durch diese Identität bekannt",
    claim: "vorab angelegt und jetzt übernommen",
    link: "jetzt verbunden: Beide Adressen sind bestätigt",
  },
  noAccount: "keines",
  ruleOf: (rule) => `durch ${rule}`,
  lastAdminKept: "bleibt admin, als Letzter",
  groups: "Gruppen",
  groupStep: {
    create: "angelegt und beigetreten",
    join: "beigetreten",
    leave: "verlassen",
    keep: "behalten",
    blocked: "gesperrt",
    ignored: "übergangen",
  },
  groupWhy: {
    in_claim: "die Angabe nennt sie",
    default: "wer neu ist, tritt ihr bei (groups.default)",
    not_in_claim: "die Angabe nennt sie nicht mehr",
    not_opened: "die Angabe nennt sie, darf aber nicht beitreten (groups.join)",
    blocked: "groups.blocked",
    not_of_this_provider: "nicht aus den Angaben dieses Dienstes",
    claims_off: "groups.fromClaims ist aus",
    claim_absent: "die Angabe fehlt (groups.absent)",
    claim_unknown: "niemand weiß, was die Angabe sagt",
    no_such_group: "es gibt keine solche Gruppe (groups.create)",
    is_default: "wer neu ist, tritt ihr ohnehin bei (groups.default)",
  },
  trust: {
    verified_claim: "gilt: Der Dienst sagt, dass sie bestätigt ist",
    vouched_for: "gilt: Die Konfiguration bürgt für sie (emailVerified)",
    not_verified: "gilt nicht: Nichts sagt, dass sie bestätigt ist",
    folded: "gilt nicht: mit Zeichen geschrieben, die zu anderen werden",
    made_up: "erfunden, da es keine gibt (signIn.emailFallback)",
  },
  warnings: {
    no_database: "Es gibt noch keine Datenbank: So ist es in einer leeren Installation.",
    provider_disabled: "Der Dienst ist abgeschaltet, also meldet sich niemand damit an.",
    issuer_differs: "iss ist nicht der dieses Dienstes: Eine Anmeldung würde das ID-Token ablehnen.",
    id_token_refused: "Dem ID-Token fehlt, was authorizeParams verlangt: Eine Anmeldung würde es ablehnen.",
    issuer_assumed: "Die Angaben sagen nicht, von welchem Mandanten sie sind; angenommen wird der erste.",
    identity_of_another: "In Wahrheit gehört diese Identität einer anderen Person.",
    address_made_up: "Die Adresse ist erfunden: Sie bekommt nie Post und wird nie verbunden.",
    claim_unused: "Eine Angabe nennt etwas, und die Konfiguration lässt sie nicht entscheiden (fromClaims).",
    claim_absent: "Eine Angabe, die entscheidet, fehlt oder ist weder Liste noch Text noch Zahl.",
    claim_unknown: "Eine Angabe, die entscheidet, wäre anderswo zu erfragen; sie gilt als unbekannt.",
    values_dropped: "Einige Werte wurden verworfen: falsche Art, zu lang oder mit Zeichen, die kein Name hat.",
  },
  notes: "Hinweise",

  webhooksLead: "Nachrichten, die auf Zustellung warten, und solche, die nach dem letzten Versuch aufgegeben wurden.",
  noMessages: "Nichts wartet, und nichts wurde aufgegeben.",
  givenUp: "Aufgegeben",
  waits: "Wartet",
  unreadable: "Kein Geheimnis öffnet diese Nachricht.",
  messageAbout: "Über",
  attempts: (count) => `Versuche: ${count}`,
  lastFailure: "Letzter Fehler",
  retry: "Erneut versuchen",
  retryNamed: (webhook, time) => `Erneut versuchen: Nachricht an ${webhook} vom ${time}`,
  retryAll: "Alle erneut versuchen",
};
