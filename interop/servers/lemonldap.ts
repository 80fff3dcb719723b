/**
 * Debian's LemonLDAP::NG: its portal under Starman, with a configuration and sessions of its own, and the people that its demonstration
 * backend has.
 */
import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../test/support/free-port.js";
import type { ServerKind, WantedClient } from "../matrix.js";
import { debianRoot, startProgram } from "./program.js";

/** Of its demonstration backend (Lemonldap::NG::Portal::Lib::Demo): login and password are the same. */
const doctor = { login: "dwho", email: "dwho@badwolf.org" };

const application = (root: string): string => `
use lib "${root}/usr/share/perl5";
use Plack::Builder;
use Plack::App::File;
use Lemonldap::NG::Portal::Main;
my $portal = Lemonldap::NG::Portal::Main->run({});
builder {
  mount "/static" => Plack::App::File->new(root => "${root}/usr/share/lemonldap-ng/portal/htdocs/static")->to_app;
  mount "/javascript" => Plack::App::File->new(root => "/usr/share/javascript")->to_app;
  mount "/" => $portal;
};
`;

const settings = (root: string, folder: string): string => `
[all]
logLevel = info
checkTime = 1
[configuration]
type = File
dirName = ${folder}/conf
localStorage = Cache::FileCache
localStorageOptions = { 'namespace' => 'config', 'default_expires_in' => 600, 'cache_root' => '${folder}/cache', 'cache_depth' => 3 }
[portal]
staticPrefix = /static
templateDir = ${root}/usr/share/lemonldap-ng/portal/templates
languages = en
[handler]
status = 0
`;

function newKeys() {
  const encoding = {
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  } as const;
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048, ...encoding });
  return {
    oidcServicePrivateKeySig: privateKey,
    oidcServicePublicKeySig: publicKey,
    oidcServiceKeyIdSig: Math.random().toString(36).slice(2),
  };
}

const optionsOf = (client: WantedClient) => {
  const logoutUrl = client.frontChannelLogoutUri;
  return {
    oidcRPMetaDataOptionsClientID: client.clientId,
    oidcRPMetaDataOptionsClientSecret: client.clientSecret,
    oidcRPMetaDataOptionsRedirectUris: client.redirectUri,
    oidcRPMetaDataOptionsPostLogoutRedirectUris: client.postLogoutRedirectUri,
    oidcRPMetaDataOptionsIDTokenSignAlg: "RS256",
    oidcRPMetaDataOptionsIDTokenForceClaims: 1,
    oidcRPMetaDataOptionsBypassConsent: 1,
    oidcRPMetaDataOptionsRefreshToken: 1,
    ...(logoutUrl === undefined
      ? {}
      : {
          oidcRPMetaDataOptionsLogoutUrl: logoutUrl,
          oidcRPMetaDataOptionsLogoutType: "front",
          oidcRPMetaDataOptionsLogoutSessionRequired: 1,
        }),
  };
};

export const lemonldap: ServerKind = {
  name: "lemonldap-ng",
  async start(clients, folder) {
    const root = debianRoot();
    const port = await freePort();
    const url = `http://localhost:${port}`;
    for (const name of ["conf", "cache", "sessions/lock", "psessions/lock", "notifications"])
      mkdirSync(join(folder, name), { recursive: true });
    const storage = (name: string) => ({
      Directory: join(folder, name),
      LockDirectory: join(folder, name, "lock"),
      generateModule: "Lemonldap::NG::Common::Apache::Session::Generate::SHA256",
    });
    const shipped = JSON.parse(readFileSync(`${root}/var/lib/lemonldap-ng/conf/lmConf-1.json`, "utf8")) as Record<
      string,
      unknown
    >;
    const named = <T>(of: (client: WantedClient) => T) =>
      Object.fromEntries(clients.map((client) => [client.clientId, of(client)]));
    const configuration = {
      ...shipped,
      domain: "localhost",
      portal: `${url}/`,
      globalStorageOptions: storage("sessions"),
      persistentStorageOptions: storage("psessions"),
      localSessionStorageOptions: {
        namespace: "sessions",
        default_expires_in: 600,
        cache_root: join(folder, "cache"),
        cache_depth: 3,
      },
      notificationStorageOptions: { dirName: join(folder, "notifications") },
      // It would load a module for pictures before anybody asks for one.
      captcha_login_enabled: 0,
      captcha_mail_enabled: 0,
      captcha_register_enabled: 0,
      reloadUrls: {},
      locationRules: { localhost: { default: "accept" } },
      exportedHeaders: {},
      issuerDBOpenIDConnectActivation: 1,
      oidcServiceMetaDataIssuer: url,
      oidcServiceAllowAuthorizationCodeFlow: 1,
      ...newKeys(),
      // Its frames name the person's id as `sid`, and its ID tokens have no `sid` of their own: it is told to put the same into both.
      oidcRPMetaDataExportedVars: named(() => ({ email: "mail", name: "cn", sid: "uid" })),
      oidcRPMetaDataOptions: named(optionsOf),
      oidcRPMetaDataMacros: named(() => ({})),
      oidcRPMetaDataOptionsExtraClaims: named(() => ({})),
    };
    const write = (number: number, more: object) =>
      writeFileSync(
        join(folder, "conf", `lmConf-${number}.json`),
        JSON.stringify({ ...configuration, ...more, cfgNum: number }),
      );
    write(1, {});
    writeFileSync(join(folder, "lemonldap-ng.ini"), settings(root, folder));
    writeFileSync(join(folder, "portal.psgi"), application(root));
    const env = { LLNG_DEFAULTCONFFILE: join(folder, "lemonldap-ng.ini"), PERL5LIB: `${root}/usr/share/perl5` };
    const version = execFileSync("dpkg-deb", ["-f", newestPackage(root), "Version"])
      .toString()
      .trim();
    const start = () =>
      startProgram(
        "starman",
        ["--listen", `127.0.0.1:${port}`, "--workers", "2", join(folder, "portal.psgi")],
        `${url}/.well-known/openid-configuration`,
        env,
      );
    let program = await start();
    return {
      version,
      issuer: url,
      person: doctor,
      notes: {
        "front-channel-logout":
          "Its frames send the person's id as sid while its ID tokens carry no sid: for this the claim sid was exported from uid, so all of the person's sessions end",
      },
      provider: { scopes: ["openid", "email", "profile", "offline_access"], emailVerified: "always" },
      async act(page) {
        const password = page.locator("input[name=password]");
        if (!(await password.isVisible())) return false;
        await page.locator("input[name=user]").fill(doctor.login);
        await password.fill(doctor.login);
        await page.keyboard.press("Enter");
        await page.waitForTimeout(500);
        return true;
      },
      async agreeToSignOut(page) {
        const yes = page.locator("button.positive.btn-success");
        if (!(await yes.isVisible())) return false;
        // Its second page holds the frames that tell other apps; whoever goes on at once leaves before they are loaded.
        await page.waitForLoadState("networkidle");
        await yes.click({ timeout: 5_000 }).catch(() => {});
        return true;
      },
      async rotateKeys() {
        write(2, newKeys());
        await program.stop();
        program = await start();
        return "a new RSA key in its configuration, and its portal started anew";
      },
      stop: () => program.stop(),
    };
  },
};

const newestPackage = (root: string): string =>
  execFileSync("sh", ["-c", `ls ${root}/packages/liblemonldap-ng-portal-perl_*.deb | tail -1`])
    .toString()
    .trim();
