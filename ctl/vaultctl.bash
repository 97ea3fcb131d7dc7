# Completion of vaultctl for bash. It starts nothing and asks for nothing: item names come from a daemon that
# runs and is unlocked, or there are none.

_vaultctl_names() {
  vaultctl --no-input ls "$1" 2>/dev/null </dev/null
}

_vaultctl() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command="" i
  local commands="create join unlock lock passwd recovery status put get ls rm history restore conflicts resolve put-many sync device verify repair export metrics help"
  local global="--profile --socket --json --no-input --password-fd --password-file --help --version"
  COMPREPLY=()

  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      --on-duplicate) mapfile -t COMPREPLY < <(compgen -W "refuse rename last" -- "$cur") && return ;;
    --profile | --socket | --password-fd | --password-file) ((i++)) ;;
      -*) ;;
      *) command=${COMP_WORDS[i]} && break ;;
    esac
  done

  case $prev in
    --socket | --password-file | --file | --output | --ca) mapfile -t COMPREPLY < <(compgen -f -- "$cur") && return ;;
    --sealed) mapfile -t COMPREPLY < <(compgen -d -- "$cur") && return ;;
    --profile | --password-fd | --server | --account | --device-name | --invite | --expect | --type | --attr | --if-version | --if-heads | --offset | --length | --timeout) return ;;
  esac

  local options=$global
  case $command in
    "") mapfile -t COMPREPLY < <(compgen -W "$commands $global" -- "$cur") && return ;;
    create) options+=" --server --account --device-name --ca --invite" ;;
    join) options+=" --server --account --device-name --ca --invite --expect" ;;
    recovery) options+=" --text --server --account --device-name --ca --expect" ;;
    status) options+=" --watch" ;;
    put) options+=" --file --type --attr --if-version --new --empty" ;;
    put-many) options+=" --check --on-duplicate" ;;
    get) options+=" -l --version --output --force --offset --length" ;;
    ls) options+=" -l" ;;
    conflicts) options+=" --diff" ;;
    resolve) options+=" --merge --if-heads" ;;
    sync) options+=" --timeout" ;;
    repair) options+=" --dry-run --invite" ;;
    export) options+=" --sealed --resume --without-large" ;;
  esac
  if [[ $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
    return
  fi
  case $command in
    put | get | ls | rm | history | restore | conflicts | resolve)
      local IFS=$'\n' name
      while read -r name; do COMPREPLY+=("$(printf '%q' "$name")"); done < <(_vaultctl_names "$cur")
      ;;
    device) mapfile -t COMPREPLY < <(compgen -W "ls revoke rename" -- "$cur") ;;
    recovery) mapfile -t COMPREPLY < <(compgen -W "create use" -- "$cur") ;;
    help) mapfile -t COMPREPLY < <(compgen -W "$commands exit-codes" -- "$cur") ;;
  esac
}

complete -F _vaultctl vaultctl
