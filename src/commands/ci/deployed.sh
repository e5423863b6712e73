# The digest (or tag) of a container as CloudFormation deployed it; nothing if it never did.
deployed() {
  if ! found=$(aws cloudformation describe-stack-resource --stack-name "$1" --logical-resource-id "$2" --query StackResourceDetail.PhysicalResourceId --output text 2>&1); then
    case $found in *'does not exist'*) return 0 ;; *) echo "$found" >&2; return 1 ;; esac
  fi
  image=$(aws ecs describe-task-definition --task-definition "$found" --query "taskDefinition.containerDefinitions[?name=='$3'].image | [0]" --output text) || return 1
  image=${image##*/}
  case $image in *@*) echo "${image#*@}" ;; *) echo "${image#*:}" ;; esac
}
