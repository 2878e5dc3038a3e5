using Mono.Cecil;
using Mono.Cecil.Cil;

namespace G2PBridge.UnitTests.Architecture;

/// <summary>
/// Every type that a type names anywhere: bases, signatures, fields, attributes, bodies, and the same of everything nested in it,
/// among them what the compiler makes of lambdas and async methods. Generic arguments and arrays are taken apart.
/// </summary>
internal static class TypeReferences
{
    public static IReadOnlySet<TypeReference> Of(TypeDefinition type)
    {
        var found = new Dictionary<string, TypeReference>(StringComparer.Ordinal);
        foreach (var part in HostAssembly.WithNested(type))
        {
            foreach (var used in InType(part).SelectMany(Parts))
            {
                found.TryAdd(used.FullName, used);
            }
        }

        return found.Values.ToHashSet();
    }

    private static IEnumerable<TypeReference?> InType(TypeDefinition type) =>
    [
        type.BaseType,
        .. type.Interfaces.Select(implementation => implementation.InterfaceType),
        .. type.Interfaces.SelectMany(InAttributes),
        .. InAttributes(type),
        .. InGenerics(type),
        .. type.Fields.SelectMany(field => InAttributes(field).Append(field.FieldType)),
        .. type.Properties.SelectMany(property => InAttributes(property).Append(property.PropertyType)),
        .. type.Events.SelectMany(change => InAttributes(change).Append(change.EventType)),
        .. type.Methods.SelectMany(InMethod),
    ];

    private static IEnumerable<TypeReference?> InMethod(MethodDefinition method)
    {
        IEnumerable<TypeReference?> found =
        [
            .. InSignature(method),
            .. InAttributes(method),
            .. InAttributes(method.MethodReturnType),
            .. InGenerics(method),
            .. method.Parameters.SelectMany(InAttributes),
            .. method.Overrides.SelectMany(InSignature),
        ];
        return method.HasBody ? found.Concat(InBody(method.Body)) : found;
    }

    private static IEnumerable<TypeReference?> InBody(MethodBody body) =>
    [
        .. body.Variables.Select(variable => variable.VariableType),
        .. body.ExceptionHandlers.Select(handler => handler.CatchType),
        .. body.Instructions.SelectMany(instruction => InOperand(instruction.Operand)),
    ];

    private static IEnumerable<TypeReference?> InOperand(object? operand) => operand switch
    {
        TypeReference type => [type],
        FieldReference field => [field.DeclaringType, field.FieldType],
        MethodReference method => InSignature(method),
        CallSite site => site.Parameters.Select(parameter => parameter.ParameterType).Append(site.ReturnType),
        _ => [],
    };

    private static IEnumerable<TypeReference?> InSignature(MethodReference method) =>
    [
        method.DeclaringType,
        method.ReturnType,
        .. method.Parameters.Select(parameter => parameter.ParameterType),
        .. method is GenericInstanceMethod generic ? generic.GenericArguments : [],
    ];

    private static IEnumerable<TypeReference?> InGenerics(IGenericParameterProvider provider) =>
        provider.GenericParameters.SelectMany(parameter => parameter.Constraints.Select(constraint => constraint.ConstraintType).Concat(InAttributes(parameter)));

    private static IEnumerable<TypeReference?> InAttributes(ICustomAttributeProvider provider) =>
        provider.CustomAttributes.SelectMany(attribute => attribute.ConstructorArguments
            .Concat(attribute.Properties.Select(property => property.Argument))
            .Concat(attribute.Fields.Select(field => field.Argument))
            .SelectMany(InArgument)
            .Append(attribute.AttributeType));

    private static IEnumerable<TypeReference?> InArgument(CustomAttributeArgument argument) => argument.Value switch
    {
        TypeReference type => [argument.Type, type],
        CustomAttributeArgument boxed => InArgument(boxed),
        CustomAttributeArgument[] many => many.SelectMany(InArgument).Append(argument.Type),
        _ => [argument.Type],
    };

    private static IEnumerable<TypeReference> Parts(TypeReference? type) => type switch
    {
        null or GenericParameter => [],
        GenericInstanceType generic => generic.GenericArguments.SelectMany(Parts).Concat(Parts(generic.ElementType)),
        FunctionPointerType pointer => pointer.Parameters.Select(parameter => parameter.ParameterType).Append(pointer.ReturnType).SelectMany(Parts),
        RequiredModifierType modified => Parts(modified.ModifierType).Concat(Parts(modified.ElementType)),
        OptionalModifierType modified => Parts(modified.ModifierType).Concat(Parts(modified.ElementType)),
        TypeSpecification specification => Parts(specification.ElementType),
        _ => [type],
    };
}
