{{ config(materialized='table', meta={'grain': 'local_date'}) }}

with messages as (

    select * from {{ ref('int_messages_located') }}
    where kind in ('message', 'file_transfer')

),

company_domains as (

    select * from {{ source('inputs', 'company_domains') }}

),

recipients as (

    select
        local_date,
        unnest(recipients) as archived_address
    from messages

),

archived as (

    select
        local_date,
        archived_address
    from recipients
    union
    select
        local_date,
        sender as archived_address
    from messages

),

-- user@domain, or ROOM/nick for an occupant whose address is unknown; whoever speaks in a room of
-- the company's is nobody else's.
addresses as (

    select
        local_date,
        archived_address,
        lower(archived_address) as address,
        archived_address like '%/%' as is_occupant,
        case
            when archived_address like '%@%'
                then split_part(split_part(archived_address, '@', 2), '/', 1)
            else split_part(archived_address, '/', 1)
        end as domain
    from archived

),

company_addresses as (

    select distinct
        addresses.local_date,
        addresses.archived_address
    from addresses
    inner join company_domains
        on
            addresses.domain = company_domains.domain
            or (
                addresses.is_occupant
                and addresses.domain like concat('%.', company_domains.domain)
            )

),

final as (

    select
        addresses.local_date,
        addresses.archived_address,
        addresses.address,
        addresses.domain,
        company_addresses.archived_address is null as is_external
    from addresses
    left join company_addresses
        on
            addresses.local_date = company_addresses.local_date
            and addresses.archived_address = company_addresses.archived_address

)

select * from final
