using FluentValidation;
using MediatR;

namespace G2PBridge.Platform.Mediation;

/// <summary>
/// Runs the validator of a command, if it has one. There is no transaction behaviour on purpose:
/// it would hold row locks while a bank is being called.
/// </summary>
internal sealed class ValidationBehavior<TRequest, TResponse>(IEnumerable<IValidator<TRequest>> validators)
    : IPipelineBehavior<TRequest, TResponse>
    where TRequest : notnull
{
    public async Task<TResponse> Handle(TRequest request, CancellationToken cancellationToken, RequestHandlerDelegate<TResponse> next)
    {
        foreach (var validator in validators)
        {
            var outcome = await validator.ValidateAsync(request, cancellationToken);
            if (!outcome.IsValid)
            {
                throw new ValidationException(outcome.Errors);
            }
        }

        return await next();
    }
}
