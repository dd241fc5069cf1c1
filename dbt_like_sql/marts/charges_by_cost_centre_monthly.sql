{{ config(materialized='table', meta={'grain': 'local_month'}) }}

with charges as (

    select * from {{ ref('charges_by_person_monthly') }}

),

final as (

    select
        local_month,
        cost_centre,
        currency,
        count(*) as people,
        sum(messages) as messages,
        sum(file_transfers) as file_transfers,
        sum(charge) as charge
    from charges
    group by local_month, cost_centre, currency

)

select * from final
