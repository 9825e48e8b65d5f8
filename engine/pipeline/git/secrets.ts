/** Files that hold secrets by their name, as git's patterns; capitals do not matter. */
const SECRET_FILES = [
  ...[".env", ".env.*", "*.env", ".envrc", "secrets.*", "*.secret", "*.secrets", "*.tfvars", "*.tfstate"],
  ...["credentials", "credentials.*", "*credentials*.json", "service-account*.json", ".git-credentials", ".htpasswd"],
  ...[".npmrc", ".pypirc", ".netrc", "_netrc", ".pgpass", "kubeconfig", ".vault-token"],
  ...["*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "*.ppk"],
  ...["id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*"],
  ...[".ssh/**", ".gnupg/**", ".aws/**", ".azure/**", ".docker/config.json", ".kube/config", ".huggingface/token"],
] as const;

/** Pathspecs of git that match files with secrets. */
export const ONLY_SECRETS: readonly string[] = SECRET_FILES.map((pattern) => `:(top,icase,glob)**/${pattern}`);

/** Pathspecs of git that match all other files. */
export const NO_SECRETS: readonly string[] = SECRET_FILES.map((pattern) => `:(top,exclude,icase,glob)**/${pattern}`);

/** Stands for a token. */
const LEFT_OUT = "[left out: looks like a secret]";

/**
 * Tokens by their shape. None of these looks further than the run of characters that it begins in, so that a long line
 * takes time in proportion to its length.
 */
const TOKENS: readonly RegExp[] = [
  // GitHub, GitLab, Hugging Face, npm, PyPI, Slack, Stripe, OpenAI and Anthropic, Google, Amazon.
  /(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,}|glpat-[\w-]{20,}|hf_[A-Za-z0-9]{30,})/g,
  /(?<![A-Za-z0-9])(?:npm_[A-Za-z0-9]{36,}|pypi-[\w-]{50,}|xox[abeoprs]-[\w-]{10,}|[rs]k_(?:live|test)_[A-Za-z0-9]{16,})/g,
  /(?<![A-Za-z0-9])(?:sk-[\w-]{20,}|AIza[\w-]{35}|(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9]))/g,
  /(?<=aws_secret_access_key["']?[ \t]{0,8}[:=][ \t]{0,8}["']?)[A-Za-z0-9/+=]{40}/gi,
  // Google's OAuth, Hugging Face's organizations, GitLab's other kinds, Docker, Databricks, DigitalOcean, HashiCorp's Vault.
  /(?<![A-Za-z0-9])(?:ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}|api_org_[A-Za-z0-9]{30,}|gl(?:rt|dt|ptt|soat|cbt|ft)-[\w-]{20,})/g,
  /(?<![A-Za-z0-9])(?:dckr_[a-z]{2,4}_[\w-]{20,}|dapi[0-9a-f]{32}|do[opr]_v1_[0-9a-f]{60,}|hv[sbr]\.[\w-]{24,})/g,
  // SendGrid, Shopify, Linear, Pulumi, Replicate, Groq, xAI, age.
  /(?<![A-Za-z0-9])(?:SG\.[\w-]{16,64}\.[\w-]{16,}|shp(?:at|ca|pa|ss)_[A-Za-z0-9]{32,}|lin_(?:api|oauth)_[A-Za-z0-9]{30,})/g,
  /(?<![A-Za-z0-9])(?:pul-[0-9a-f]{40}|r8_[A-Za-z0-9]{30,}|gsk_[A-Za-z0-9]{30,}|xai-[A-Za-z0-9]{40,}|AGE-SECRET-KEY-1[A-Z0-9]{50,})/g,
  // The secret part of a web hook at Slack, of a bot at Telegram, of a storage account at Azure, of a header.
  /(?<=hooks\.slack\.com\/[a-z]{1,20}\/)[\w/-]{20,}/g,
  /(?<![\w-])\d{8,10}:AA[\w-]{33}(?![\w-])/g,
  /(?<=AccountKey=)[A-Za-z0-9/+]{40,}={0,2}/gi,
  /(?<=\bBearer[ \t]{1,8})[\w.~+/-]{20,}=*/gi,
  // A JSON web token.
  /(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}/g,
  // The password in an address.
  /(?<=:\/\/[^\s/:@]{1,200}:)[^\s/:@]{3,}(?=@)/g,
];

const KEY_BEGINS = /-----BEGIN [A-Z ]{0,40}PRIVATE KEY/;
const KEY_ENDS = /-----END [A-Z ]{0,40}PRIVATE KEY/;

/** A line of a diff that may be of a key: nothing but its characters, as text or within quotes. */
const KEY_LINE = /^[ +-]?[ \t]*["']?[A-Za-z0-9+/=]{8,}(?:\\n)?["']?[,+]?[ \t\r]*$/;
/** Where the lines of another part of a file begin. */
const PART = /^(?:diff --git |@@ )/;

/** A diff with tokens and private keys left out, whatever file they are in. */
export function withoutTokens(diff: string): string {
  const shown: string[] = [];
  let isInKey = false;
  for (const line of diff.split("\n")) {
    if (PART.test(line)) isInKey = false;
    const wasInKey = isInKey;
    if (KEY_BEGINS.test(line)) isInKey = true;
    const isKey = isInKey;
    if (KEY_ENDS.test(line)) {
      if (!isKey) hideKeyBefore(shown);
      isInKey = false;
    }
    if (isKey || wasInKey || KEY_ENDS.test(line)) shown.push(hidden(line));
    else shown.push(TOKENS.reduce((text, token) => text.replace(token, LEFT_OUT), line));
  }
  return shown.join("\n");
}

/** Of a key whose begin a diff does not show, since that is as it was, the lines before its end. */
function hideKeyBefore(shown: string[]): void {
  for (let at = shown.length - 1; KEY_LINE.test(shown[at] ?? ""); at--) shown[at] = hidden(shown[at] ?? "");
}

function hidden(line: string): string {
  return `${line.slice(0, 1)}${LEFT_OUT}`;
}

/** Head of a diff that names files of which nothing is shown. */
export function leftOut(files: readonly string[]): string {
  return files.map((file) => `diff --git ${file}\nleft out: looks like secrets\n`).join("");
}
