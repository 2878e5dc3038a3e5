using G2PBridge.Platform.Hosting;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddBridge(builder.Configuration, builder.Configuration.GetConnectionString("G2PBridge") ?? "Host=127.0.0.1");
var app = builder.Build();
app.Run();
