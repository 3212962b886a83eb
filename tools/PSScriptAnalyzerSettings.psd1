@{
    ExcludeRules = @(
        # Pester's BeforeAll and It share variables in a way the rule does not see.
        'PSUseDeclaredVarsMoreThanAssignments'
        # The build scripts talk to a person.
        'PSAvoidUsingWriteHost'
    )
}
