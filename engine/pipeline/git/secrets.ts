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
  // A JSON web token.
  /(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}/g,
  // The password in an address.
  /(?<=:\/\/[^\s/:@]{1,200}:)[^\s/:@]{3,}(?=@)/g,
];

const KEY_BEGINS = /-----BEGIN [A-Z ]{0,40}PRIVATE KEY/;
const KEY_ENDS = /-----END [A-Z ]{0,40}PRIVATE KEY/;

/** A diff with tokens and private keys left out, whatever file they are in. */
export function withoutTokens(diff: string): string {
  let isInKey = false;
  return diff
    .split("\n")
    .map((line) => {
      if (isInKey && /^(?:diff --git |@@ )/.test(line)) isInKey = false;
      const wasInKey = isInKey;
      if (KEY_BEGINS.test(line)) isInKey = true;
      const isKey = isInKey;
      if (KEY_ENDS.test(line)) isInKey = false;
      if (isKey || wasInKey) return `${line.slice(0, 1)}${LEFT_OUT}`;
      return TOKENS.reduce((text, token) => text.replace(token, LEFT_OUT), line);
    })
    .join("\n");
}

/** Head of a diff that names files of which nothing is shown. */
export function leftOut(files: readonly string[]): string {
  return files.map((file) => `diff --git ${file}\nleft out: looks like secrets\n`).join("");
}
