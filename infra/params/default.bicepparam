// What "azd up" deploys.
using '../main.bicep'

param environmentName = 'pstn'
param location = 'westeurope'
